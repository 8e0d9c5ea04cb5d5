#pragma once

#include <recur/framework/autodiff/tape.h>

#include <functional>
#include <string>
#include <vector>

namespace recur {

/// An input of a function whose gradient is checked: its numbers, or just its shape for random ones (standard normal).
class GradcheckInput {
 public:
  // NOLINTBEGIN(google-explicit-constructor): so that a check reads `gradcheck(f, {Shape{2, 3}, weights})`.
  GradcheckInput(Shape shape) : shape_(shape), random_(true) {}
  GradcheckInput(const Tensor<double>& values)
      : shape_(values.shape()), values_(values.values().begin(), values.values().end()) {}
  GradcheckInput(const Array& values) : shape_(values.shape()), values_(values.to_doubles()) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] const Shape& shape() const { return shape_; }
  /// The numbers; random ones are drawn from `generator`.
  [[nodiscard]] std::vector<double> values(Generator& generator) const;

 private:
  Shape shape_;
  std::vector<double> values_;
  bool random_ = false;
};

struct GradcheckOptions {
  /// Half the distance between the two points of a central difference. 1e-6 balances truncation (step²) and rounding
  /// (1e-16 / step) for values around 1.
  double step = 1e-6;
  /// Largest |analytic - numeric|, relative to the gradient of the argument at hand: its Euclidean norm, or its largest
  /// element where elements are compared. What rounding makes of a difference of two results, 1e-9 of their size, is
  /// taken off first.
  double tolerance = 1e-6;
  /// Of random inputs, directions and the tapes' generators, so that dropout draws the same mask each time.
  std::uint64_t seed = 1;
};

struct GradcheckResult {
  bool passed = true;
  /// The largest error found, measured as `tolerance` is.
  double error = 0;
  /// When not passed: argument, element, analytic and numeric value.
  std::string message;
  explicit operator bool() const { return passed; }
};

/// The function to check: from inputs on a tape to one value of any shape. It is called many times, each time with a
/// new tape of float64 and recording on, and must do the same every time.
using GradcheckFunction = std::function<Var(Tape& tape, std::span<const Var> inputs)>;

/// Compares the gradient of v·f(x), for a random v, with central differences along a random direction in each argument
/// by itself: two further evaluations an argument, whatever its size, which a wrong adjoint does not survive. On
/// failure each element of the argument is tried to name the worst one. A gradient so small that rounding hides it
/// fails, with a message that says so.
///
///   const auto f = [](Tape&, auto x) { return my_op(x[0], x[1]); };
///   const auto checked = gradcheck(f, {Shape{2, 3}, Shape{3}}, {&weights});
///   BOOST_TEST(checked.passed, checked.message);
///
/// `parameters` (float64, created) are arguments too; their values and gradients are as before afterwards. Stay away
/// from points where f has a kink. @throws StateError when f's result depends on no input and no parameter.
[[nodiscard]] GradcheckResult gradcheck(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                                        const std::vector<Parameter*>& parameters = {},
                                        const GradcheckOptions& options = {});

/// Compares the derivative of every element of the result by every element of the arguments, relative to the largest
/// derivative of that element of the result by that argument: for small cases.
[[nodiscard]] GradcheckResult gradcheck_jacobian(const GradcheckFunction& function,
                                                 const std::vector<GradcheckInput>& inputs,
                                                 const std::vector<Parameter*>& parameters = {},
                                                 const GradcheckOptions& options = {});

}  // namespace recur
