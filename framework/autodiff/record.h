#pragma once

#include <recur/framework/autodiff/var.h>
#include <recur/framework/tensor/type_id.h>

#include <span>
#include <string>

namespace recur::detail {

/// Functions on a closure of erased type.
struct Operation {
  void (*run)(void* closure);
  std::string (*name)(const void* closure);
  /// Tapes on which parts of the operation were recorded (recurrence/replicas.h); null for an operation without any.
  std::span<Tape* const> (*inner_tapes)(const void* closure);
};

/// A closure with a name, for operations that are lambdas of a function with a less telling name.
template <class Body>
struct Named {
  const char* text;
  Body body;
  void operator()() { body(); }
  [[nodiscard]] std::string name() const { return text; }
};

/// Returns the name of the function in which a closure was made: `matmul` of
/// `recur::matmul(recur::Var, …)::{lambda()#1}`, the name of its type.
[[nodiscard]] std::string operation_name(const std::string& closure);

template <class Body>
[[nodiscard]] constexpr auto inner_tapes_of() {
  using Function = std::span<Tape* const> (*)(const void*);
  if constexpr (requires(const Body& body) { body.inner_tapes(); })
    return Function{[](const void* self) { return static_cast<const Body*>(self)->inner_tapes(); }};
  else return Function{nullptr};
}

template <class Body>
inline constexpr Operation operation_of = {[](void* self) { (*static_cast<Body*>(self))(); },
                                           []([[maybe_unused]] const void* self) -> std::string {
                                             if constexpr (requires(const Body& body) { body.name(); })
                                               return static_cast<const Body*>(self)->name();
                                             else return operation_name(type_name(type_text<Body>()));
                                           },
                                           inner_tapes_of<Body>()};

/// One entry of the tape: the closure to run when gradients flow back through the outputs of an operation.
struct Record {
  const Operation* operation;
  void* closure;
  Var output;
  std::span<const Var> others;  ///< Outputs after the first.

  [[nodiscard]] std::string name() const { return operation->name(closure); }
  /// Returns the tapes on which parts of the operation were recorded.
  [[nodiscard]] std::span<Tape* const> inner_tapes() const {
    return operation->inner_tapes == nullptr ? std::span<Tape* const>() : operation->inner_tapes(closure);
  }
  /// Calls `visit(output)` for every output.
  template <class Visit>
  void for_each_output(Visit visit) const {
    visit(output);
    for (const Var other : others) visit(other);
  }
};

}  // namespace recur::detail
