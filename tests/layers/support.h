#pragma once

#include <recur/framework/check/second_order_check.h>
#include <recur/layers/recurrent/rnn.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace recur::test {

/// Standard normal numbers, the same for the same seed.
inline Tensor<double> random_tensor(Shape shape, std::uint64_t seed = 1) {
  Tensor<double> result(shape);
  Generator(seed).fill_normal(result.values());
  return result;
}

/// Builds a layer or cell in float64 and gives every parameter other values than its initializer's, so that biases are
/// tested.
template <class Part>
void build(Part& part, Index input_size, std::uint64_t seed = 1) {
  Builder builder(input_size, DType::float64, Generator(seed));
  part.build(builder);
  Generator generator(seed + 1);
  for (const NamedParameter& p : parameters(part))
    for (double& value : p.parameter->edit().template as<double>().values()) value += 0.2 * generator.normal();
}

/// Gives `to` the values of `from`, parameter by parameter.
template <class From, class To>
void copy_parameters(From& from, To& to) {
  const auto source = parameters(from);
  const auto target = parameters(to);
  BOOST_REQUIRE_EQUAL(source.size(), target.size());
  for (std::size_t i = 0; i < source.size(); ++i) target[i].parameter->edit().assign(source[i].parameter->value());
}

/// The largest difference of two values of one shape.
inline double difference(Var a, Var b) {
  BOOST_REQUIRE(a.shape() == b.shape());
  const auto left = a.to_doubles();
  const auto right = b.to_doubles();
  double largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) largest = std::max(largest, std::abs(left[i] - right[i]));
  return largest;
}

/// For BOOST_CHECK_EXCEPTION: the message contains `text`.
template <class E = Error>
auto says(std::string text) {
  return [text](const E& error) {
    const bool found = std::string(error.what()).find(text) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("message: " << error.what());
    return found;
  };
}

/// The gradient along a random direction, and forward mode and second derivatives along another.
inline void check_derivatives(const std::string& what, const GradcheckFunction& function,
                              const std::vector<GradcheckInput>& inputs, const std::vector<Parameter*>& parameters) {
  for (const auto& check : {gradcheck, second_order_check}) {
    const GradcheckResult result = check(function, inputs, parameters, {});
    BOOST_TEST(result.passed, what << ": " << result.message);
  }
}

template <class Part>
std::vector<Parameter*> parameter_list(Part& part) {
  std::vector<Parameter*> list;
  for (const NamedParameter& p : parameters(part)) list.push_back(p.parameter);
  return list;
}

}  // namespace recur::test
