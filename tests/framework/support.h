#pragma once

#include <recur/framework/check/second_order_check.h>
#include <recur/framework/threads/parallel.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <vector>

// What the tests of the engine share.

namespace recur::test {

/// Some number of threads for one test.
class Threads {
 public:
  explicit Threads(int count) : before_(threads()) { set_threads(count); }
  ~Threads() { set_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Standard normal numbers, the same for the same seed.
inline Tensor<double> normal(const Shape& shape, std::uint64_t seed = 1) {
  Tensor<double> tensor(shape);
  Generator(seed).fill_normal(tensor.values());
  return tensor;
}

/// Evenly distributed numbers.
inline Tensor<double> uniform(const Shape& shape, double low, double high, std::uint64_t seed = 1) {
  Tensor<double> tensor(shape);
  Generator generator(seed);
  for (double& value : tensor.values()) value = generator.uniform(low, high);
  return tensor;
}

inline Array array_of(const Tensor<double>& tensor) {
  Array array(tensor.shape(), DType::float64);
  array.assign(tensor.values());
  return array;
}

/// 0, 1, 2, …
inline Tensor<double> counting(const Shape& shape) {
  Tensor<double> tensor(shape);
  for (Index i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<double>(i);
  return tensor;
}

/// A seed for `Tape::backward` that makes it the gradient of the sum.
inline Array ones(Var y) {
  Array seed(y.shape(), y.dtype());
  seed.fill(1);
  return seed;
}

inline void fill(Parameter& parameter, const Shape& shape, std::uint64_t seed, DType dtype = DType::float64) {
  parameter.create(shape, dtype);
  parameter.edit().assign(normal(shape, seed).values());
}

/// Checks element by element; relative for large numbers. 1e-12 is room for a few thousand roundings of doubles.
inline void check_close(const std::vector<double>& found, const std::vector<double>& expected,
                        double tolerance = 1e-12) {
  BOOST_TEST_REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double error = std::abs(found[i] - expected[i]) / std::max(1.0, std::abs(expected[i]));
    BOOST_TEST(error <= tolerance, "element " << i << ": " << found[i] << ", expected " << expected[i]);
  }
}

/// Forward mode against reverse mode, and second derivatives: part of every check of a gradient.
inline void check_second_order(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                               const std::vector<Parameter*>& parameters, const std::string& what) {
  const GradcheckResult result = second_order_check(function, inputs, parameters);
  BOOST_TEST(result.passed, what << ": " << result.message);
}

/// The whole Jacobian. 1e-6, the default tolerance: central differences of doubles are good to about 1e-9.
inline void check_jacobian(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                           const std::vector<Parameter*>& parameters = {}, const std::string& what = "") {
  const GradcheckResult result = gradcheck_jacobian(function, inputs, parameters);
  BOOST_TEST(result.passed, what << ": " << result.message);
  check_second_order(function, inputs, parameters, what);
}

/// Along one direction, for larger cases.
inline void check_gradient(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                           const std::vector<Parameter*>& parameters = {}, const std::string& what = "") {
  const GradcheckResult result = gradcheck(function, inputs, parameters);
  BOOST_TEST(result.passed, what << ": " << result.message);
  check_second_order(function, inputs, parameters, what);
}

}  // namespace recur::test
