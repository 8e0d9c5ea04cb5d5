#include <recur/framework/check/gradcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

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

// What rounding makes of (f(x + h) - f(x - h)) / 2h for results of this size: a few units in the last place, divided by
// 2e-6.
double rounding_of(double size, double step) { return size * 2e-15 / step; }

// A gradient that is so small beside the values is rounding itself, and the result may be the difference of such
// values.
constexpr double nothing = 1e-12;

// |analytic - numeric| beyond rounding, relative to the size of the gradient.
double error_of(double analytic, double numeric, double size, double rounding) {
  const double difference = std::abs(analytic - numeric);
  if (difference <= rounding) return 0;
  const double error = (difference - rounding) / std::max(size, std::abs(numeric));
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

// The function seen as one from a vector, all inputs and parameters one after another, to a vector. Puts the parameters
// back in the end.
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
  /// Of the values that a result without a gradient may be the difference of: the largest element, or 1.
  [[nodiscard]] double size() const {
    return std::accumulate(start_.begin(), start_.end(), 1.0,
                           [](double m, double x) { return std::max(m, std::abs(x)); });
  }
  [[nodiscard]] std::size_t arguments() const { return arguments_.size(); }
  /// The elements of an argument: the first, and how many.
  [[nodiscard]] std::pair<std::size_t, std::size_t> elements(std::size_t argument) const {
    return {arguments_[argument].first, arguments_[argument].count};
  }
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
  [[nodiscard]] std::string name_of(std::size_t argument) const {
    return fmt::format("{} {}", arguments_[argument].name, arguments_[argument].shape);
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

struct Compared {
  double analytic, numeric;
  double size;      ///< Of the gradient.
  double rounding;  ///< Of the numeric one.
};

void note(GradcheckResult& result, const Compared& c, const GradcheckOptions& options,
          const std::function<std::string()>& where) {
  const double error = error_of(c.analytic, c.numeric, c.size, c.rounding);
  if (error > options.tolerance && (result.passed || error > result.error)) {
    result.message = fmt::format("gradcheck: {}: analytic {:.9g}, numeric {:.9g} (error {:.3g}, tolerance {:.3g})",
                                 where(), c.analytic, c.numeric, error, options.tolerance);
    result.passed = false;
  }
  result.error = std::max(result.error, error);
}

double sum_of_sizes(const std::vector<double>& covector, const std::vector<double>& value) {
  double sum = 0;
  for (std::size_t i = 0; i < value.size(); ++i) sum += std::abs(covector[i] * value[i]);
  return sum;
}

// One argument, all others fixed.
class ArgumentCheck {
 public:
  ArgumentCheck(Flattened& f, std::size_t argument, const std::vector<double>& covector,
                const std::vector<double>& analytic, const GradcheckOptions& options)
      : f_(f), argument_(argument), covector_(covector), analytic_(analytic), options_(options) {
    std::tie(first_, count_) = f.elements(argument);
    rounding_ = rounding_of(sum_of_sizes(covector, f.value()), options.step);
    const auto own = std::span(analytic).subspan(first_, count_);
    norm_ = std::sqrt(std::inner_product(own.begin(), own.end(), own.begin(), 0.0));
    for (const double g : own) largest_ = std::max(largest_, std::abs(g));
    const double values = sum_of_sizes(covector, std::vector<double>(covector.size(), f.size()));
    none_ = norm_ <= nothing * values;
    if (none_) rounding_ += rounding_of(values, options.step);
  }

  [[nodiscard]] GradcheckResult run() {
    if (count_ == 0) return {};
    const std::vector<double> direction = telling_direction();
    GradcheckResult result;
    const double numeric = along(direction);
    note(result, {dot(analytic_, direction), numeric, norm_, rounding_ * std::sqrt(static_cast<double>(count_))},
         options_, [&] { return "along a random direction in " + f_.name_of(argument_); });
    if (result.passed) return hidden(numeric) ? too_small() : result;
    return worst_element(result);
  }

 private:
  // Of a few random ones the direction along which there is most gradient: across it nothing would be seen.
  [[nodiscard]] std::vector<double> telling_direction() {
    constexpr int tries = 4;
    std::vector<double> best;
    for (int i = 0; i < tries; ++i) {
      std::vector<double> direction(analytic_.size());
      const std::vector<double> drawn = f_.random(count_);
      std::copy(drawn.begin(), drawn.end(), direction.begin() + static_cast<std::ptrdiff_t>(first_));
      if (best.empty() || std::abs(dot(analytic_, direction)) > std::abs(dot(analytic_, best)))
        best = std::move(direction);
    }
    return best;
  }
  [[nodiscard]] double along(const std::vector<double>& direction) {
    return dot(covector_, central_difference(f_, direction, options_.step));
  }
  // Whether there is a gradient, but a wrong one could not be told from it.
  [[nodiscard]] bool hidden(double numeric) const {
    return !none_ && std::max(norm_, std::abs(numeric)) < 10 * rounding_;
  }
  [[nodiscard]] GradcheckResult too_small() const {
    return {.passed = false,
            .error = 0,
            .message = fmt::format(
                "gradcheck: {}: the gradient, of norm {:.3g}, is too small to be checked beside results whose "
                "difference has a rounding error of {:.3g} (scale the result or the argument)",
                f_.name_of(argument_), norm_, rounding_)};
  }
  // The whole may be wrong by more than any of its parts.
  [[nodiscard]] GradcheckResult worst_element(const GradcheckResult& whole) {
    GradcheckResult worst;
    for (std::size_t i = first_; i < first_ + count_; ++i)
      note(worst, {analytic_[i], along(unit(analytic_.size(), i)), largest_, rounding_}, options_,
           [&] { return f_.name(i); });
    return worst.passed ? whole : worst;
  }

  Flattened& f_;
  std::size_t argument_;
  const std::vector<double>& covector_;
  const std::vector<double>& analytic_;
  const GradcheckOptions& options_;
  std::size_t first_ = 0, count_ = 0;
  double rounding_ = 0, norm_ = 0, largest_ = 0;
  bool none_ = false;  // no gradient to speak of
};

}  // namespace

GradcheckResult gradcheck(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                          const std::vector<Parameter*>& parameters, const GradcheckOptions& options) {
  Flattened f(function, inputs, parameters, options);
  const std::vector<double> covector = f.random(f.value().size());
  const std::vector<double> analytic = f.gradient(covector);
  GradcheckResult worst;
  for (std::size_t i = 0; i < f.arguments(); ++i) {
    GradcheckResult result = ArgumentCheck(f, i, covector, analytic, options).run();
    if (worst.passed > result.passed || (worst.passed == result.passed && result.error > worst.error))
      worst = std::move(result);
  }
  return worst;
}

GradcheckResult gradcheck_jacobian(const GradcheckFunction& function, const std::vector<GradcheckInput>& inputs,
                                   const std::vector<Parameter*>& parameters, const GradcheckOptions& options) {
  Flattened f(function, inputs, parameters, options);
  const std::vector<double> value = f.value();
  std::vector<std::vector<double>> analytic;
  for (std::size_t k = 0; k < value.size(); ++k) analytic.push_back(f.gradient(unit(value.size(), k)));
  GradcheckResult result;
  for (std::size_t argument = 0; argument < f.arguments(); ++argument) {
    const auto [first, count] = f.elements(argument);
    for (std::size_t i = first; i < first + count; ++i) {
      const std::vector<double> numeric = central_difference(f, unit(f.start().size(), i), options.step);
      for (std::size_t k = 0; k < value.size(); ++k) {
        double largest = 0;
        for (std::size_t j = first; j < first + count; ++j) largest = std::max(largest, std::abs(analytic[k][j]));
        const double size = std::abs(value[k]) + (largest <= nothing * f.size() ? f.size() : 0);
        note(result, {analytic[k][i], numeric[k], largest, rounding_of(size, options.step)}, options,
             [&, at = i] { return fmt::format("d result (element {}) / d {}", k, f.name(at)); });
      }
    }
  }
  return result;
}

}  // namespace recur
