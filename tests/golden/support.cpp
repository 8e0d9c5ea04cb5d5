#include "support.h"

namespace recur::golden {

const Json& get(const Json& json, const char* key, const std::string& where) {
  require<FormatError>(json.is_object() && json.contains(key), "{}: there is no \"{}\"", where, key);
  return json.at(key);
}

void check_keys(const Json& json, const std::set<std::string>& known, const std::string& where) {
  for (const auto& [key, value] : json.items())
    require<FormatError>(known.contains(key), "{}: the key \"{}\" is not known", where, key);
}

Shape read_shape(const Json& json, const std::string& where) {
  std::vector<Index> sizes;
  for (const Json& size : get(json, "shape", where)) sizes.push_back(size.get<Index>());
  return Shape(std::span<const Index>(sizes));
}

Array NamedValues::array(DType dtype) const {
  Array result(shape, dtype);
  result.assign(values);
  return result;
}

NamedValues read_values(const Json& json, const std::string& where) {
  check_keys(json, {"name", "shape", "data"}, where);
  NamedValues result;
  result.name = json.value("name", "");
  result.shape = read_shape(json, where);
  result.values = get(json, "data", where).get<std::vector<double>>();
  require<FormatError>(static_cast<Index>(result.values.size()) == result.shape.count(), "{}: {} numbers for shape {}",
                       where, result.values.size(), result.shape);
  return result;
}

std::vector<NamedValues> read_list(const Json& json, const std::string& where) {
  require<FormatError>(json.is_array(), "{}: a list is expected", where);
  std::vector<NamedValues> result;
  for (std::size_t i = 0; i < json.size(); ++i) result.push_back(read_values(json[i], fmt::format("{}[{}]", where, i)));
  return result;
}

Comparison::Comparison(const Json& file, DType dtype) {
  const Json& tolerance = get(get(file, "tolerance", "case"), name(dtype), "tolerance");
  tolerance_ = {get(tolerance, "rtol", "tolerance").get<double>(), get(tolerance, "atol", "tolerance").get<double>()};
}

void Comparison::check(const std::string& what, double value, double expected) {
  ++count_;
  const double error = tolerance_.error(value, expected);
  if (error <= result_.max_error) return;
  result_.max_error = error;
  if (error <= 1) return;
  result_.passed = false;
  result_.message = fmt::format("{}: {} instead of {}, {:.3g} times the tolerance", what, value, expected, error);
}

CaseResult Comparison::result() const {
  if (count_ == 0) return {false, 0, "nothing was compared"};
  return result_;
}

void Comparison::check(const std::string& what, const Shape& shape, const std::vector<double>& values,
                       const NamedValues& expected) {
  require<FormatError>(shape == expected.shape, "{}: shape {} instead of {}", what, shape, expected.shape);
  for (std::size_t i = 0; i < values.size(); ++i) check(fmt::format("{}[{}]", what, i), values[i], expected.values[i]);
}

}  // namespace recur::golden
