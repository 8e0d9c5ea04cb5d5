#pragma once

#include <recur/framework/autodiff/linear.h>

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace recur {

/// A value on its way from what makes it to what uses it: `split<4>(matmul(x, kernel) + bias)`. If it is a product, nobody else
/// has it.
class Temporary {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): what is handed on becomes one.
  Temporary(const Linear& product) : value_(product), own_(true) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Temporary(Var x) : value_(x) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  Temporary(Temporary&& other) noexcept
      : value_(std::exchange(other.value_, Var())), own_(std::exchange(other.own_, false)) {}
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() = default;

  /// To give it a name is to keep it.
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator Var() && { return std::exchange(value_, Var()); }
  /// Whether nobody else has it and nothing but its user reads it, its adjoint included.
  [[nodiscard]] bool own() const { return own_; }

 private:
  Var value_;
  bool own_ = false;
};

/// N parts of one value (ops/split.h). Handed on to `fuse` as they are, without names, they are `fuse`'s to write over: the
/// values it keeps for its adjoint, gates of a cell, take the place of what they were computed from.
template <int N>
class Parts {
 public:
  using Array = std::array<Var, static_cast<std::size_t>(N)>;

  Parts(const Array& parts, bool own) : parts_(parts), own_(own) {}
  Parts(const Parts&) = delete;  // two would not know of each other
  Parts& operator=(const Parts&) = delete;
  Parts(Parts&& other) noexcept
      : parts_(std::exchange(other.parts_, Array())), own_(std::exchange(other.own_, false)) {}
  Parts& operator=(Parts&&) = delete;
  ~Parts() = default;

  /// One of them, to be used like any value. @throws StateError when `fuse` has them.
  [[nodiscard]] Var operator[](std::size_t i) const { return names()[i]; }
  [[nodiscard]] static constexpr std::size_t size() { return static_cast<std::size_t>(N); }
  [[nodiscard]] auto begin() const {
    static_cast<void>(names());
    return parts_.begin();
  }
  [[nodiscard]] auto end() const { return parts_.end(); }
  /// All of them. @throws as []
  [[nodiscard]] Array names() const {
    static_cast<void>(tape());
    own_ = false;
    return parts_;
  }
  // NOLINTNEXTLINE(google-explicit-constructor): `std::array<Var, 2> parts = split<2>(product);`
  operator Array() const { return names(); }

  /// Where they live. @throws as []
  [[nodiscard]] Tape& tape() const {
    require<StateError>(parts_[0].defined(), "Parts: these {} parts were moved away, into fuse (name them before)", N);
    return parts_[0].tape();
  }
  /// Whether none of them has a name.
  [[nodiscard]] bool own() const { return own_; }
  /// For `fuse`.
  [[nodiscard]] Array take() && {
    const Array taken = names();
    parts_ = {};
    return taken;
  }

 private:
  Array parts_;
  mutable bool own_;
};

/// `auto [i, f, g, o] = split<4>(…);`
template <std::size_t I, int N>
[[nodiscard]] Var get(const Parts<N>& parts) {
  return parts[I];
}

}  // namespace recur

template <int N>
struct std::tuple_size<recur::Parts<N>> : std::integral_constant<std::size_t, static_cast<std::size_t>(N)> {};
template <std::size_t I, int N>
struct std::tuple_element<I, recur::Parts<N>> {
  using type = recur::Var;
};
