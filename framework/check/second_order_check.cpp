#include <recur/framework/check/second_order_check.h>

#include <recur/framework/check/second_order.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

constexpr double transpose_tolerance = 1e-10;

double dot(const Array& a, const Array& b) {
  const auto x = a.to_doubles();
  const auto y = b.to_doubles();
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}
double dot(const PerArgument& a, const PerArgument& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.inputs.size(); ++i) sum += dot(a.inputs[i], b.inputs[i]);
  for (std::size_t i = 0; i < a.parameters.size(); ++i) sum += dot(a.parameters[i], b.parameters[i]);
  return sum;
}

Array random(const Shape& shape, Generator& generator) {
  Array drawn(shape, DType::float64);
  generator.fill_normal(drawn.as<double>().values());
  return drawn;
}

// w·f and its gradient, in reverse mode, at the arguments moved along a direction.
class Reverse {
 public:
  Reverse(const GradcheckFunction& function, const Arguments& at, const PerArgument& direction, const Array& covector)
      : function_(function), at_(at), direction_(direction), covector_(covector) {
    for (Parameter* const parameter : at.parameters) {
      start_.push_back(parameter->value().clone());
      gradients_.push_back(std::exchange(parameter->gradient, Array(parameter->shape(), parameter->dtype())));
    }
  }
  ~Reverse() {
    move_parameters(0);
    for (std::size_t i = 0; i < start_.size(); ++i) at_.parameters[i]->gradient = std::move(gradients_[i]);
  }
  Reverse(const Reverse&) = delete;
  Reverse& operator=(const Reverse&) = delete;

  [[nodiscard]] PerArgument gradient(double step) {
    move_parameters(step);
    Tape tape(DType::float64, at_.seed);
    std::vector<Var> inputs;
    for (std::size_t i = 0; i < at_.inputs.size(); ++i)
      inputs.push_back(tape.input(moved(at_.inputs[i], direction_.inputs[i], step)));
    for (Parameter* const parameter : at_.parameters) parameter->zero_gradient();
    tape.backward(function_(tape, inputs), covector_);
    PerArgument result;
    for (const Var input : inputs) result.inputs.push_back(input.gradient());
    for (const Parameter* const parameter : at_.parameters) result.parameters.push_back(parameter->gradient.clone());
    return result;
  }

 private:
  [[nodiscard]] static Array moved(const Array& from, const Array& along, double step) {
    Array result(from.shape(), DType::float64);
    const auto x = from.to_doubles();
    const auto v = along.to_doubles();
    for (std::size_t i = 0; i < x.size(); ++i) result.as<double>().values()[i] = x[i] + step * v[i];
    return result;
  }
  void move_parameters(double step) {
    for (std::size_t i = 0; i < start_.size(); ++i)
      at_.parameters[i]->edit().assign(moved(start_[i], direction_.parameters[i], step));
  }

  const GradcheckFunction& function_;
  const Arguments& at_;
  const PerArgument& direction_;
  const Array& covector_;
  std::vector<Array> start_;
  std::vector<Array> gradients_;
};

// w·f on a tape of duals, whose second derivatives are those of f weighted by w.
GradcheckFunction weighted(const GradcheckFunction& function, const Array& covector) {
  return [&](Tape& tape, std::span<const Var> inputs) {
    const Var y = function(tape, inputs);
    const Var total = tape.output(Shape{}, true);
    const auto weights = covector.to_doubles();
    Dual& sum = *total.mutable_value<Dual>().data = 0;
    const MatrixView<const Dual> values = y.value<Dual>();
    for (Index r = 0; r < y.rows(); ++r)
      for (Index c = 0; c < y.cols(); ++c) sum += weights[static_cast<std::size_t>(r * y.cols() + c)] * values(r, c);
    tape.on_backward(total, [y, total, &covector] {
      const auto seeds = covector.to_doubles();
      const MatrixView<Dual> dy = y.add_gradient<Dual>();
      for (Index r = 0; r < dy.rows; ++r)
        for (Index c = 0; c < dy.cols; ++c)
          dy(r, c) += seeds[static_cast<std::size_t>(r * dy.cols + c)] * *total.adjoint<Dual>().data;
    });
    return total;
  };
}

// `size` is what the error is relative to, `rounding` what may be wrong for no other reason.
void note(GradcheckResult& result, const std::string& what, double found, double expected, double size, double rounding,
          double tolerance) {
  const double difference = std::abs(found - expected);
  const double error = difference <= rounding ? 0 : (difference - rounding) / size;
  if (!(error <= tolerance)) {
    result.passed = false;
    result.message +=
        fmt::format("second_order_check: {}: {:.12g}, expected {:.12g} (error {:.3g}, tolerance {:.3g}). ", what, found,
                    expected, error, tolerance);
  }
  result.error = std::max(result.error, error);
}

// Relative to the largest element of the argument's product; rounding is that of a difference of gradients.
void compare(GradcheckResult& result, const char* what, const std::vector<Array>& products,
             const std::vector<Array>& ahead, const std::vector<Array>& behind, const GradcheckOptions& options) {
  for (std::size_t i = 0; i < products.size(); ++i) {
    const auto found = products[i].to_doubles();
    const auto a = ahead[i].to_doubles();
    const auto b = behind[i].to_doubles();
    const bool none = std::ranges::all_of(found, [](double x) { return std::abs(x) <= 1e-12; });
    double size = 0, gradient = none ? 1 : 0;  // what rounds to nothing may be the difference of such values
    for (std::size_t k = 0; k < found.size(); ++k) {
      size = std::max({size, std::abs(found[k]), std::abs(a[k] - b[k]) / (2 * options.step)});
      gradient = std::max({gradient, std::abs(a[k]), std::abs(b[k])});
    }
    for (std::size_t k = 0; k < found.size(); ++k)
      note(result, fmt::format("H·v, {} {}, element {}", what, i, k), found[k], (a[k] - b[k]) / (2 * options.step),
           size, gradient * 2e-15 / options.step, options.tolerance);
  }
}

}  // namespace

GradcheckResult second_order_check(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                                   const std::vector<Parameter*>& parameters, const GradcheckOptions& options) {
  Generator generator(options.seed);
  Arguments at{{}, parameters, options.seed};
  PerArgument direction;
  for (const GradcheckInput& input : inputs) {
    at.inputs.emplace_back(input.shape(), DType::float64);
    at.inputs.back().assign(input.values(generator));
    direction.inputs.push_back(random(input.shape(), generator));
  }
  for (const Parameter* const parameter : parameters)
    direction.parameters.push_back(random(parameter->shape(), generator));
  const Tangent forward = jacobian_vector_product(function, at, direction);
  const Array covector = random(forward.value.shape(), generator);
  Reverse reverse(function, at, direction, covector);

  GradcheckResult result;
  const double ahead_of = dot(covector, forward.tangent), back = dot(reverse.gradient(0), direction);
  note(result, "w·(J v) against (w J)·v", ahead_of, back, std::max({1.0, std::abs(ahead_of), std::abs(back)}), 0,
       transpose_tolerance);
  const HessianProduct second = hessian_vector_product(weighted(function, covector), at, direction);
  const PerArgument ahead = reverse.gradient(options.step);
  const PerArgument behind = reverse.gradient(-options.step);
  compare(result, "input", second.product.inputs, ahead.inputs, behind.inputs, options);
  compare(result, "parameter", second.product.parameters, ahead.parameters, behind.parameters, options);
  return result;
}

}  // namespace recur
