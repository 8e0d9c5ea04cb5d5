#pragma once

#include <recur/framework/autodiff/linear.h>

#include <algorithm>
#include <array>

namespace recur {

/// Arguments of fuse() whose memory fuse() may overwrite. Made by reuse().
template <std::size_t N>
struct Reusable {
  std::array<Var, N> parts;
  bool allowed = true;

  [[nodiscard]] Tape& tape() const { return parts[0].tape(); }
  /// Returns true if fuse() may overwrite the values: they are parts of products, whose own adjoints do not read them.
  [[nodiscard]] bool may_overwrite() const {
    return allowed &&
           std::ranges::all_of(parts, [](Var part) { return part.node()->root().use != detail::ValueUse::plain; });
  }
};

/// Says that nothing but the fuse() it is an argument of reads these values: `fuse(f, reuse(split<4>(z)), c)`. fuse() then keeps
/// what its adjoint needs, such as the gates of a cell, in the place of the values it was computed from. Values that are not
/// parts of a matrix product are left as they are.
///
/// Operations that have read the values before and need them in `backward` get wrong gradients: do not use the parts elsewhere.
template <std::size_t N>
[[nodiscard]] Reusable<N> reuse(const std::array<Var, N>& parts, bool allowed = true) {
  return {parts, allowed};
}
[[nodiscard]] inline Reusable<1> reuse(Var value) { return {{value}}; }

/// The place for the first result of fuse(), or undefined for new memory: `fuse(into(place), f, x, …)`. It is ignored if its
/// shape is another than that of the result, or one has a gradient and the other has none.
struct Destination {
  Var place;
};
/// Returns `place` as a destination for fuse().
[[nodiscard]] inline Destination into(Var place) { return {place}; }

}  // namespace recur
