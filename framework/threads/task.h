#pragma once

#include <recur/framework/tensor/shape.h>

namespace recur::detail {

/// A callable of one number, without its type.
struct Task {
  void (*run)(void* body, Index item);
  void* body;
};

/// Makes a task of a callable, which must outlive it.
template <class Body>
[[nodiscard]] Task task_of(Body& body) {
  return {[](void* self, Index item) { (*static_cast<Body*>(self))(item); },
          const_cast<void*>(static_cast<const void*>(&body))};
}

}  // namespace recur::detail
