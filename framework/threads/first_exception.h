#pragma once

#include <recur/framework/tensor/shape.h>

#include <exception>
#include <mutex>

namespace recur::detail {

/// Of the exceptions that items of a job throw on several threads, keeps that of the lowest item, which a plain loop
/// would have thrown.
class FirstException {
 public:
  /// Keeps the exception being handled.
  void keep(Index item) noexcept {
    const std::lock_guard lock(mutex_);
    if (exception_ && item_ <= item) return;
    exception_ = std::current_exception();
    item_ = item;
  }
  /// Throws what was kept, if anything; after all items have finished.
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr exception_;
  Index item_ = 0;
};

}  // namespace recur::detail
