#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace recur::interop {

/// Types of numbers in a PyTorch storage. `bytes` is a storage without a type of its own.
enum class TorchType : unsigned char { f32, f64, f16, bf16, i64, i32, i16, i8, u8, boolean, bytes };

/// Bytes of one number.
[[nodiscard]] int size_of(TorchType type);

/// An object that a pickle describes. Objects refer to each other by place, so that neither depth nor circles matter.
struct PickleNode {
  enum class Kind : unsigned char {
    none,
    boolean,
    integer,
    real,
    text,
    global,   ///< `text` is "module name".
    storage,  ///< `text` is the key, `integer` the number of elements, `type` their type.
    tensor,   ///< items: storage; `offset`, `sizes`, `strides` say which of its elements.
    tuple,
    list,
    dict  ///< items: key, value, key, value.
  };
  Kind kind = Kind::none;
  TorchType type = TorchType::f32;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<std::uint32_t> items;
  std::vector<std::int64_t> extent;  ///< Of a tensor: offset, sizes, strides.
};

/// A pickle, read.
struct Pickle {
  std::vector<PickleNode> nodes;
  std::uint32_t root = 0;
  std::size_t size = 0;  ///< Bytes from its beginning to its end.

  [[nodiscard]] const PickleNode& operator[](std::uint32_t place) const { return nodes[place]; }
};

/// Reads a pickle as far as PyTorch's state dicts need it. A pickle is a program; nothing of it is run: names of
/// functions and classes must be in a closed list of those that make tensors, ordered dicts and sizes, and those are
/// made here.
/// @param where begins messages @throws FormatError with the byte of what is refused, and why
[[nodiscard]] Pickle read_pickle(std::string_view bytes, const std::string& where);

}  // namespace recur::interop
