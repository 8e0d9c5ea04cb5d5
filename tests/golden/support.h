#pragma once

#include "case_result.h"

#include <recur/framework/autodiff/tape.h>

#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

namespace recur::golden {

using Json = nlohmann::json;

/// An array of a case: `{"shape": […], "data": […]}`, `name` where it has one.
struct NamedValues {
  std::string name;
  Shape shape;
  std::vector<double> values;

  [[nodiscard]] Array array(DType dtype) const;
};

/// @throws FormatError for missing keys, or data that do not fill the shape.
[[nodiscard]] NamedValues read_values(const Json& json, const std::string& where);
[[nodiscard]] std::vector<NamedValues> read_list(const Json& json, const std::string& where);
[[nodiscard]] Shape read_shape(const Json& json, const std::string& where);
/// @throws FormatError for a key that is not one of `known`.
void check_keys(const Json& json, const std::set<std::string>& known, const std::string& where);
/// The value of a key. @throws FormatError when it is missing.
[[nodiscard]] const Json& get(const Json& json, const char* key, const std::string& where);

/// Compares values with expected ones and remembers the worst of them.
class Comparison {
 public:
  /// Reads the tolerance of a case for a number type.
  Comparison(const Json& file, DType dtype);

  /// @throws FormatError when the shapes differ.
  void check(const std::string& what, const Shape& shape, const std::vector<double>& values,
             const NamedValues& expected);
  void check(const std::string& what, double value, double expected);

  /// Fails, too, when nothing was compared.
  [[nodiscard]] CaseResult result() const;

 private:
  Tolerance tolerance_{};
  std::size_t count_ = 0;
  CaseResult result_;
};

}  // namespace recur::golden
