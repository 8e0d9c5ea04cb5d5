#include <recur/interop/internal/json.h>

#include <recur/framework/tensor/error.h>

#include <cmath>
#include <cstdlib>

namespace recur::interop {
namespace {

void read_level(const Json& json, const std::vector<Index>& sizes, std::size_t level, std::vector<double>& numbers,
                const std::string& where) {
  if (level == sizes.size()) {
    require<FormatError>(json.is_number() && std::isfinite(json.get<float>()),
                         "{}: a finite number is expected, got {}", where, json.dump().substr(0, 40));
    numbers.push_back(json.get<float>());
    return;
  }
  require<FormatError>(json.is_array() && static_cast<Index>(json.size()) == sizes[level],
                       "{}: a list of {} is expected on level {}, got {}", where, sizes[level], level + 1,
                       json.is_array() ? fmt::format("one of {}", json.size()) : json.dump().substr(0, 40));
  for (const Json& element : json) read_level(element, sizes, level + 1, numbers, where);
}

Json write_level(const std::vector<double>& numbers, const Shape& shape, int axis, std::size_t& place) {
  if (axis == shape.rank()) return numbers[place++];
  Json list = Json::array();
  for (Index i = 0; i < shape[axis]; ++i) list.push_back(write_level(numbers, shape, axis + 1, place));
  return list;
}

}  // namespace

Json parse_json(const std::string& text, const std::string& where) {
  constexpr int deepest = 64;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    require<FormatError>(depth <= deepest, "{}: the JSON is nested more than {} levels", where, deepest);
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::exception& error) {
    const std::string reason = error.what();
    const auto at = reason.find("at line");
    fail<FormatError>("{}: not JSON: {}", where, at == std::string::npos ? reason : reason.substr(at));
  }
}

Array read_array(const Json& json, const std::string& where) {
  std::vector<Index> sizes;
  for (const Json* level = &json; level->is_array(); level = &level->front()) {
    sizes.push_back(static_cast<Index>(level->size()));
    require<FormatError>(sizes.size() <= Shape::max_rank, "{}: lists are nested more than {} levels", where,
                         Shape::max_rank);
    if (level->empty()) break;
  }
  std::vector<double> numbers;
  read_level(json, sizes, 0, numbers, where);
  Array array(Shape(sizes), DType::float32);
  array.assign(numbers);
  return array;
}

Json write_array(const Array& array) {
  std::size_t place = 0;
  return write_level(array.to_doubles(), array.shape(), 0, place);
}

std::int64_t read_integer(const Json& json, const char* key, const std::string& where) {
  const auto at = json.find(key);
  require<FormatError>(at != json.end() && at->is_number_integer(), "{}: \"{}\" must be an integer, got {}", where, key,
                       at == json.end() ? "nothing" : at->dump().substr(0, 40));
  return at->get<std::int64_t>();
}

std::string read_string(const Json& json, const char* key, const std::string& where) {
  const auto at = json.find(key);
  require<FormatError>(at != json.end() && at->is_string(), "{}: \"{}\" must be a string, got {}", where, key,
                       at == json.end() ? "nothing" : at->dump().substr(0, 40));
  return at->get<std::string>();
}

double read_number(const Json& json, const char* key, double otherwise, const std::string& where) {
  const auto at = json.find(key);
  if (at == json.end() || at->is_null()) return otherwise;
  require<FormatError>(at->is_number(), "{}: \"{}\" must be a number, got {}", where, key, at->dump().substr(0, 40));
  return at->get<double>();
}

}  // namespace recur::interop
