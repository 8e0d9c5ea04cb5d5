#include <recur/interop/internal/assembly.h>

#include <algorithm>

namespace recur::interop {

void Assembly::add(const std::string& class_name, const std::string& name, Json config,
                   std::vector<NamedTensor> tensors) {
  std::string unique = name.empty() ? snake_case(class_name.substr(class_name.rfind('.') + 1)) : name;
  for (char& c : unique)
    if (c == '.' || c == '/') c = '_';
  const std::string base = unique;
  for (int i = 1; std::find(names_.begin(), names_.end(), unique) != names_.end(); ++i)
    unique = base + "_" + std::to_string(i);
  config["name"] = unique;
  Json layer;
  layer["class_name"] = class_name;
  layer["config"] = std::move(config);
  layers_.push_back(std::move(layer));
  names_.push_back(unique);
  tensors_.push_back(std::move(tensors));
}

std::string Assembly::config() const {
  Json whole;
  whole["class_name"] = "Sequential";
  whole["config"]["layers"] = layers_;
  return whole.dump();
}

Sequential Assembly::make_model(Index features) const {
  Index numbers = 0;
  for (const auto& tensors : tensors_)
    for (const NamedTensor& tensor : tensors) numbers += tensor.value.size();
  return make_layers(config(), features, numbers);
}

ModelDescription Assembly::finish(std::string format, Index features, std::vector<std::string> notes) {
  ModelDescription result;
  result.format = std::move(format);
  result.features = features;
  result.notes = std::move(notes);
  result.config = config();
  Sequential model = make_model(features);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    ParameterVisitor visitor;
    visitor.in(model.names()[i], model.layers()[i]);
    fill_in_order(names_[i], visitor.take(), tensors_[i], result.weights);
  }
  return result;
}

Array make_array(const Shape& shape, std::span<const double> numbers, DType dtype) {
  Array array(shape, dtype);
  array.assign(numbers);
  return array;
}

namespace {

void check_blocks(Index size, const GateOrder& order) {
  require<FormatError>(size % static_cast<Index>(order.size()) == 0, "weights of {} gates have {} rows or columns",
                       order.size(), size);
}

}  // namespace

Array rows_to_columns(const Array& rows, const GateOrder& order) {
  require<FormatError>(rows.shape().rank() == 2, "a matrix of weights is expected, got {}", rows.shape());
  const Index count = rows.shape()[0];
  const Index inputs = rows.shape()[1];
  check_blocks(count, order);
  const Index block = count / static_cast<Index>(order.size());
  const std::vector<double> from = rows.to_doubles();
  std::vector<double> to(from.size());
  for (Index column = 0; column < count; ++column) {
    const Index row = order[static_cast<std::size_t>(column / std::max<Index>(block, 1))] * block + column % block;
    for (Index i = 0; i < inputs; ++i)
      to[static_cast<std::size_t>(i * count + column)] = from[static_cast<std::size_t>(row * inputs + i)];
  }
  return make_array({inputs, count}, to, rows.dtype());
}

Array columns_to_rows(const Array& columns, const GateOrder& order) {
  const Array moved = move_blocks(columns, order);
  return rows_to_columns(moved, {0});
}

Array move_blocks(const Array& array, const GateOrder& order) {
  const Index columns = array.shape().cols();
  check_blocks(columns, order);
  const Index block = columns / static_cast<Index>(order.size());
  const std::vector<double> from = array.to_doubles();
  std::vector<double> to(from.size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto column = static_cast<Index>(i) % columns;
    const Index source = order[static_cast<std::size_t>(column / block)] * block + column % block;
    to[i] = from[i - static_cast<std::size_t>(column) + static_cast<std::size_t>(source)];
  }
  return make_array(array.shape(), to, array.dtype());
}

Array as_rows(const Array& first, const Array& second) {
  require<FormatError>(first.size() == second.size(), "two biases of {} and {} numbers", first.size(), second.size());
  std::vector<double> both = first.to_doubles();
  const std::vector<double> more = second.to_doubles();
  both.insert(both.end(), more.begin(), more.end());
  return make_array({2, first.size()}, both, first.dtype());
}

Array row_of(const Array& matrix, Index row) {
  const Index columns = matrix.shape().cols();
  const std::vector<double> all = matrix.to_doubles();
  return make_array({columns},
                    std::span(all).subspan(static_cast<std::size_t>(row * columns), static_cast<std::size_t>(columns)),
                    matrix.dtype());
}

Array summed_bias(const Array& bias) {
  if (bias.shape().rank() == 1) return bias.clone();
  const Index count = bias.shape().cols();
  const std::vector<double> both = bias.to_doubles();
  std::vector<double> sum(both.begin(), both.begin() + count);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += both[i + sum.size()];
  return make_array({count}, sum, bias.dtype());
}

GateOrder torch_gate_order(Index gates) {
  if (gates == 3) return {1, 0, 2};
  GateOrder order;
  for (Index i = 0; i < gates; ++i) order.push_back(i);
  return order;
}

}  // namespace recur::interop
