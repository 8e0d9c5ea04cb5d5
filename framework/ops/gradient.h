#pragma once

#include <recur/framework/autodiff/tape.h>

#include <type_traits>

namespace recur {

// Identities that change the gradient. Forward mode (second_order.h) changes tangents in the transposed way, except for
// `on_gradient`, whose function is defined for gradients only.

/// Returns x without a gradient: nothing flows back to what computed it.
[[nodiscard]] inline Var stop_gradient(Var x) { return x.tape().detach(x); }

/// Returns the value of `hard` with the gradient of x: `straight_through(round(x), x)` learns through rounding (Bengio
/// et al. 2013). Throws ShapeError if shapes differ.
[[nodiscard]] Var straight_through(Var hard, Var x);

/// Returns x. Multiplies its gradient by `factor` on the way back.
[[nodiscard]] Var scale_gradient(Var x, double factor);
/// Gradient reversal for adversarial training (Ganin & Lempitsky 2015).
[[nodiscard]] inline Var reverse_gradient(Var x, double strength = 1) { return scale_gradient(x, -strength); }

namespace detail {

[[nodiscard]] Var identity(Var x);
void pass_on(Var y, Var x);

}  // namespace detail

/// x, whose gradient is shown to `hook` on its way back through it: `on_gradient(h, [&](Var gradient) { … })`. The
/// gradient is a value of x's shape that may be read, and changed in place through `mutable_value`; what is there
/// afterwards goes on. Not called when no gradient arrives. What the hook captures must be plain (references, pointers,
/// numbers, Vars) and live until `backward`.
template <class Hook>
  requires std::is_invocable_v<Hook&, Var>
[[nodiscard]] Var on_gradient(Var x, Hook hook) {
  static_assert(std::is_trivially_destructible_v<Hook>, "on_gradient: capture references, Vars and numbers only");
  const Var y = detail::identity(x);
  if (y.wants_gradient())
    x.tape().on_backward(y, [x, y, hook]() mutable {
      hook(y.tape().gradient_at(y));
      detail::pass_on(y, x);
    });
  return y;
}

}  // namespace recur
