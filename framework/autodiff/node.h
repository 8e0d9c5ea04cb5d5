#pragma once

#include <recur/framework/tensor/dtype.h>
#include <recur/framework/tensor/shape.h>

#include <cstddef>
#include <cstdint>

namespace recur {

class Tape;

namespace detail {

struct ParameterSlot;
struct ProductSource;

/// Rows [begin, end) of a matrix.
struct RowRange {
  Index begin = 0;
  Index end = 0;

  [[nodiscard]] bool empty() const { return begin >= end; }
};

/// Data that a mechanism keeps for a node. Most nodes have none.
struct NodeExtra {
  ParameterSlot* leaf = nullptr;      ///< The parameter that the node is on its tape (parameter_slot.h).
  ProductSource* products = nullptr;  ///< Products that may be computed already, as part of larger ones (linear.h).
  Index row = 0;                      ///< First row of the node in the sequence of `products`.
};

/// How the value of a node may be used. A product is `reusable`: its own adjoint does not read it, so `fuse` may
/// overwrite it when the caller says so. `overwritten` values must not be read any more.
enum class ValueUse : std::uint8_t { plain, reusable, overwritten };

/// A value on a tape. An owner has memory of its own. A view looks into the memory and the gradient of its `base`,
/// which is always an owner. Rows lie `stride` elements apart.
struct Node {
  Tape* tape = nullptr;
  void* value = nullptr;
  void* gradient = nullptr;    ///< Of an owner: null until a gradient arrives.
  Node* base = nullptr;        ///< Null for an owner.
  NodeExtra* extra = nullptr;  ///< Null for most nodes.
  Index stride = 0;
  RowRange unwritten{};  ///< Of an owner: rows of the gradient that hold no numbers yet.
  Shape shape{};
  int holds = 0;        ///< Pending operations that will read the gradient after it was passed on.
  bool wanted = false;  ///< Takes part in backward.
  bool kept = false;    ///< The gradient stays readable after backward.
  ValueUse use = ValueUse::plain;

  [[nodiscard]] Node& root() { return base == nullptr ? *this : *base; }
  /// Returns the elements of an owner's memory, gaps between rows included.
  [[nodiscard]] std::size_t bytes(DType dtype) const {
    return static_cast<std::size_t>(shape.rows() * stride) * size_of(dtype);
  }
  /// Returns the bytes from the start of the owner's memory.
  [[nodiscard]] std::ptrdiff_t byte_offset() const {
    return base == nullptr ? 0 : static_cast<const std::byte*>(value) - static_cast<const std::byte*>(base->value);
  }
  /// Returns the elements from the start of the owner's memory.
  [[nodiscard]] Index offset(DType dtype) const { return byte_offset() / static_cast<Index>(size_of(dtype)); }
  /// Returns the memory of the gradient of this owner or view. Call only after a gradient has arrived.
  [[nodiscard]] void* gradient_data() { return static_cast<std::byte*>(root().gradient) + byte_offset(); }
};

}  // namespace detail
}  // namespace recur
