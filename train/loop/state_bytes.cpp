#include <recur/train/loop/state_bytes.h>

#include <recur/framework/tensor/error.h>

#include <cstring>
#include <vector>

namespace recur::detail {
namespace {

void put_integer(std::string& to, Index value) { to.append(reinterpret_cast<const char*>(&value), sizeof value); }

Index take_integer(std::string_view& from) {
  Index value = 0;
  require<FormatError>(from.size() >= sizeof value, "state_of_bytes: {} bytes where a number is expected", from.size());
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return value;
}

void put_text(std::string& to, std::string_view text) {
  put_integer(to, static_cast<Index>(text.size()));
  to += text;
}

std::string_view take_bytes(std::string_view& from, Index count) {
  require<FormatError>(count >= 0 && static_cast<std::size_t>(count) <= from.size(),
                       "state_of_bytes: {} bytes are left of {}", from.size(), count);
  const std::string_view bytes = from.substr(0, static_cast<std::size_t>(count));
  from.remove_prefix(static_cast<std::size_t>(count));
  return bytes;
}

std::string take_text(std::string_view& from) { return std::string(take_bytes(from, take_integer(from))); }

}  // namespace

std::string bytes_of_array(const Array& array) {
  std::string bytes;
  put_integer(bytes, static_cast<Index>(array.dtype()));
  put_integer(bytes, array.shape().rank());
  for (const Index size : array.shape().sizes()) put_integer(bytes, size);
  bytes.append(static_cast<const char*>(array.data()), static_cast<std::size_t>(array.size()) * size_of(array.dtype()));
  return bytes;
}

Array take_array(std::string_view& bytes) {
  const auto dtype = static_cast<DType>(take_integer(bytes));
  std::vector<Index> sizes(static_cast<std::size_t>(take_integer(bytes)));
  for (Index& size : sizes) size = take_integer(bytes);
  Array array(Shape(sizes), dtype);
  const Index count = array.size() * static_cast<Index>(size_of(dtype));
  const std::string_view values = take_bytes(bytes, count);
  if (count > 0) std::memcpy(array.data(), values.data(), values.size());
  return array;
}

std::string bytes_of_state(const TrainingState& state) {
  std::string bytes;
  put_integer(bytes, static_cast<Index>(state.arrays.size()));
  for (const auto& [name, array] : state.arrays) {
    put_text(bytes, name);
    bytes += bytes_of_array(array);
  }
  put_integer(bytes, static_cast<Index>(state.texts.size()));
  for (const auto& [name, text] : state.texts) {
    put_text(bytes, name);
    put_text(bytes, text);
  }
  put_integer(bytes, static_cast<Index>(state.by_row.size()));
  for (const std::string& name : state.by_row) put_text(bytes, name);
  return bytes;
}

TrainingState state_of_bytes(std::string_view bytes) {
  TrainingState state;
  for (Index i = take_integer(bytes); i > 0; --i) {
    std::string name = take_text(bytes);
    state.arrays.emplace(std::move(name), take_array(bytes));
  }
  for (Index i = take_integer(bytes); i > 0; --i) {
    std::string name = take_text(bytes);
    state.texts.emplace(std::move(name), take_text(bytes));
  }
  for (Index i = take_integer(bytes); i > 0; --i) state.by_row.insert(take_text(bytes));
  return state;
}

}  // namespace recur::detail
