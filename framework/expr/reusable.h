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

/// Marks values that are read by no other operation than the fuse() they are an argument of: `fuse(f,
/// reuse(split<4>(z)), c)`. fuse() then stores what its adjoint needs, such as the gates of a cell, in the memory of
/// these values. Values that are not parts of a matrix product are left as they are.
/// An operation that read the values before and needs them again in `backward` gets a wrong gradient, and nothing
/// reports it.
template <std::size_t N>
[[nodiscard]] Reusable<N> reuse(const std::array<Var, N>& parts, bool allowed = true) {
  return {parts, allowed};
}
[[nodiscard]] inline Reusable<1> reuse(Var value) { return {{value}}; }

/// Memory for the first result of fuse(): `fuse(into(place), f, x, …)`. Undefined for new memory. Ignored if its shape
/// differs from that of the result, or only one of them has a gradient.
struct Destination {
  Var place;
};
/// Returns `place` as a destination for fuse().
[[nodiscard]] inline Destination into(Var place) { return {place}; }

}  // namespace recur
