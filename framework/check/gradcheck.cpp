#include <recur/framework/check/gradcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur {

std::vector<double> GradcheckInput::values(Generator& generator) const {
  if (!random_) return values_;
  std::vector<double> drawn(static_cast<std::size_t>(shape_.count()));
  generator.fill_normal(drawn);
  return drawn;
}

namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double error_of(double analytic, double numeric) {
  const double difference = std::abs(analytic - numeric);
  const double error = difference / std::max({1.0, std::abs(analytic), std::abs(numeric)});
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

// The function seen as one from a vector, all inputs and parameters one after another, to a vector. Puts the parameters back
// in the end.
class Flattened {
 public:
  Flattened(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
            const std::vector<Parameter*>& parameters, const GradcheckOptions& options)
      : function_(function), parameters_(parameters), seed_(options.seed), generator_(options.seed) {
    for (const GradcheckInput& input : inputs) {
      add(fmt::format("input {}", arguments_.size()), input.shape(), input.values(generator_));
    }
    inputs_ = arguments_.size();
    for (Parameter* const parameter : parameters_) {
      add(fmt::format("parameter '{}'", parameter->name()), parameter->shape(), parameter->value().to_doubles());
      gradients_.push_back(std::exchange(parameter->gradient, Array(parameter->shape(), parameter->dtype())));
    }
    start_ = point_;
  }
  ~Flattened() {
    set(start_);
    for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i]->gradient = std::move(gradients_[i]);
  }
  Flattened(const Flattened&) = delete;
  Flattened& operator=(const Flattened&) = delete;

  [[nodiscard]] const std::vector<double>& start() const { return start_; }
  [[nodiscard]] std::vector<double> random(std::size_t count) {
    std::vector<double> drawn(count);
    generator_.fill_normal(drawn);
    return drawn;
  }
  void set(const std::vector<double>& point) {
    point_ = point;
    for (std::size_t i = inputs_; i < arguments_.size(); ++i)
      parameters_[i - inputs_]->edit().assign(part(point_, arguments_[i]));
  }
  [[nodiscard]] std::vector<double> value() {
    Tape tape(DType::float64, seed_);
    return run(tape).to_doubles();
  }
  // covector·J
  [[nodiscard]] std::vector<double> gradient(const std::vector<double>& covector) {
    Tape tape(DType::float64, seed_);
    for (Parameter* const parameter : parameters_) parameter->zero_gradient();
    const Var y = run(tape);
    Array seed(y.shape(), DType::float64);
    seed.assign(covector);
    tape.backward(y, seed);
    std::vector<double> result;
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
      const auto own =
          i < inputs_ ? on_tape_[i].gradient().to_doubles() : parameters_[i - inputs_]->gradient.to_doubles();
      result.insert(result.end(), own.begin(), own.end());
    }
    return result;
  }
  [[nodiscard]] std::string name(std::size_t element) const {
    for (const Argument& a : arguments_)
      if (element < a.first + a.count)
        return fmt::format("{} {}, element {}", a.name, a.shape, index_text(a.shape, element - a.first));
    return "?";
  }
  // The element's position on each axis: [1, 2].
  [[nodiscard]] static std::string index_text(const Shape& shape, std::size_t element) {
    std::vector<Index> at(static_cast<std::size_t>(shape.rank()));
    auto rest = static_cast<Index>(element);
    for (int axis = shape.rank(); axis-- > 0; rest /= shape[axis])
      at[static_cast<std::size_t>(axis)] = rest % shape[axis];
    return to_string(Shape(at));
  }

 private:
  struct Argument {
    std::string name;
    Shape shape;
    std::size_t first;
    std::size_t count;
  };
  void add(std::string name, const Shape& shape, const std::vector<double>& values) {
    arguments_.push_back({std::move(name), shape, point_.size(), values.size()});
    point_.insert(point_.end(), values.begin(), values.end());
  }
  [[nodiscard]] static std::span<const double> part(const std::vector<double>& point, const Argument& a) {
    return std::span(point).subspan(a.first, a.count);
  }
  [[nodiscard]] Var run(Tape& tape) {
    on_tape_.clear();
    for (std::size_t i = 0; i < inputs_; ++i)
      on_tape_.push_back(tape.want_gradient(tape.constant(arguments_[i].shape, part(point_, arguments_[i]))));
    return function_(tape, on_tape_);
  }

  const GradcheckFunction& function_;
  const std::vector<Parameter*>& parameters_;
  std::uint64_t seed_;
  Generator generator_;
  std::vector<Argument> arguments_;
  std::size_t inputs_ = 0;
  std::vector<double> start_;
  std::vector<double> point_;
  std::vector<Array> gradients_;
  std::vector<Var> on_tape_;
};

// (f(x + step u) - f(x - step u)) / 2 step
std::vector<double> central_difference(Flattened& f, const std::vector<double>& direction, double step) {
  const auto moved = [&](double by) {
    std::vector<double> point = f.start();
    for (std::size_t i = 0; i < point.size(); ++i) point[i] += by * direction[i];
    f.set(point);
    return f.value();
  };
  std::vector<double> slope = moved(step);
  const std::vector<double> behind = moved(-step);
  f.set(f.start());
  for (std::size_t i = 0; i < slope.size(); ++i) slope[i] = (slope[i] - behind[i]) / (2 * step);
  return slope;
}

std::vector<double> unit(std::size_t size, std::size_t at) {
  std::vector<double> e(size);
  e[at] = 1;
  return e;
}

void note(GradcheckResult& result, double analytic, double numeric, const GradcheckOptions& options,
          const std::function<std::string()>& where) {
  const double error = error_of(analytic, numeric);
  if (error > options.tolerance && (result.passed || error > result.error)) {
    result.message = fmt::format("gradcheck: {}: analytic {:.9g}, numeric {:.9g} (error {:.3g}, tolerance {:.3g})",
                                 where(), analytic, numeric, error, options.tolerance);
    result.passed = false;
  }
  result.error = std::max(result.error, error);
}

}  // namespace

GradcheckResult gradcheck(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                          const std::vector<Parameter*>& parameters, const GradcheckOptions& options) {
  Flattened f(function, inputs, parameters, options);
  const std::vector<double> covector = f.random(f.value().size());
  const std::vector<double> direction = f.random(f.start().size());
  const std::vector<double> analytic = f.gradient(covector);
  GradcheckResult result;
  note(result, dot(analytic, direction), dot(covector, central_difference(f, direction, options.step)), options,
       [] { return std::string("along a random direction over all arguments"); });
  if (result.passed) return result;
  // Which element is it? The whole may be wrong by more than any of its parts.
  GradcheckResult worst;
  for (std::size_t i = 0; i < direction.size(); ++i)
    note(worst, analytic[i], dot(covector, central_difference(f, unit(direction.size(), i), options.step)), options,
         [&] { return f.name(i); });
  return worst.passed ? result : worst;
}

GradcheckResult gradcheck_jacobian(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                                   const std::vector<Parameter*>& parameters, const GradcheckOptions& options) {
  Flattened f(function, inputs, parameters, options);
  const std::size_t outputs = f.value().size();
  std::vector<std::vector<double>> analytic;
  for (std::size_t k = 0; k < outputs; ++k) analytic.push_back(f.gradient(unit(outputs, k)));
  GradcheckResult result;
  for (std::size_t i = 0; i < f.start().size(); ++i) {
    const std::vector<double> numeric = central_difference(f, unit(f.start().size(), i), options.step);
    for (std::size_t k = 0; k < outputs; ++k)
      note(result, analytic[k][i], numeric[k], options,
           [&] { return fmt::format("d result (element {}) / d {}", k, f.name(i)); });
  }
  return result;
}

}  // namespace recur
