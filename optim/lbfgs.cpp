#include <recur/framework/tensor/error.h>
#include <recur/optim/lbfgs.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace recur::optim {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

double largest(const Vector& a) {
  double most = 0;
  for (const double x : a) most = std::max(most, std::abs(x));
  return most;
}

/// a += factor · b.
void add(Vector& a, double factor, const Vector& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
}

Array array_of(const Vector& values) {
  return Tensor<double>(Shape{static_cast<Index>(values.size())}, std::span<const double>(values));
}

}  // namespace

/// The trainable parameters as one vector.
struct Lbfgs::Problem {
  std::vector<Parameter*> parameters;
  const Closure& closure;
  Index evaluations = 0;

  Problem(std::span<const NamedParameter> list, const Closure& loss) : closure(loss) {
    std::set<const Parameter*> seen;
    for (const auto& [path, parameter] : list)
      if (parameter->trainable && seen.insert(parameter).second) parameters.push_back(parameter);
  }
  [[nodiscard]] Vector gather(const Array& (*part)(const Parameter&)) const {
    Vector all;
    for (const Parameter* parameter : parameters) {
      const Vector one = part(*parameter).to_doubles();
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }
  [[nodiscard]] Vector values() const {
    return gather([](const Parameter& p) -> const Array& { return p.value(); });
  }
  void go(const Vector& start, double length, const Vector& along) const {
    Vector there = start;
    add(there, length, along);
    assign(there);
  }
  void assign(const Vector& values) const {
    std::span<const double> rest = values;
    for (Parameter* parameter : parameters) {
      const auto count = static_cast<std::size_t>(parameter->size());
      parameter->edit().assign(rest.first(count));
      rest = rest.subspan(count);
    }
  }
  void zero_gradients() const {
    for (Parameter* parameter : parameters) parameter->zero_gradient();
  }
  [[nodiscard]] bool constrained() const {
    return std::ranges::any_of(parameters, [](const Parameter* p) { return static_cast<bool>(p->constraint); });
  }
  /// Puts the parameters where their constraints hold.
  void constrain() const {
    for (Parameter* parameter : parameters)
      if (parameter->constraint) parameter->constraint(parameter->edit());
  }
  /// Loss and gradient where the parameters are.
  LinePoint evaluate() {
    zero_gradients();
    LinePoint here;
    here.loss = closure();
    here.gradient = gather([](const Parameter& p) -> const Array& { return p.gradient; });
    ++evaluations;
    return here;
  }
};

Lbfgs::Lbfgs(LbfgsOptions options) : options_(options) {
  require<ValueError>(options.learning_rate > 0, "Lbfgs: learning rate {}, must be positive", options.learning_rate);
  require<ValueError>(options.max_iterations > 0 && options.max_evaluations >= 0 && options.history > 0,
                      "Lbfgs: max_iterations {}, max_evaluations {}, history {}: must be positive",
                      options.max_iterations, options.max_evaluations, options.history);
  require<ValueError>(options.tolerance_gradient >= 0 && options.tolerance_change >= 0,
                      "Lbfgs: tolerances {} and {}, must not be negative", options.tolerance_gradient,
                      options.tolerance_change);
  if (options_.max_evaluations == 0) options_.max_evaluations = options.max_iterations * 5 / 4;
}

void Lbfgs::remember(Pair pair) {
  const double product = dot(pair.difference, pair.step);
  const double sizes = std::sqrt(dot(pair.difference, pair.difference) * dot(pair.step, pair.step));
  if (!(product > 1e-10 * sizes)) return;  // no curvature seen: the matrix would not stay positive
  if (static_cast<Index>(pairs_.size()) == options_.history) pairs_.pop_front();
  curvature_ = product / dot(pair.difference, pair.difference);
  pairs_.push_back(std::move(pair));
}

// The two loops of Nocedal and Wright 2006, algorithm 7.4.
Lbfgs::Vector Lbfgs::direction(const Vector& gradient) const {
  Vector q = gradient;
  for (double& x : q) x = -x;
  Vector weights(pairs_.size());
  for (std::size_t i = pairs_.size(); i-- > 0;) {
    const auto& [step, difference] = pairs_[i];
    weights[i] = dot(step, q) / dot(difference, step);
    add(q, -weights[i], difference);
  }
  for (double& x : q) x *= curvature_;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const auto& [step, difference] = pairs_[i];
    add(q, weights[i] - dot(difference, q) / dot(difference, step), step);
  }
  return q;
}

double Lbfgs::step(std::span<const NamedParameter> parameters, const Closure& closure) {
  Problem problem(parameters, closure);
  if (problem.constrained()) problem.constrain();
  LinePoint here = problem.evaluate();
  const double before = here.loss;
  require<StateError>(std::isfinite(before), "Lbfgs::step: the loss is {}", before);
  require(direction_.empty() || direction_.size() == here.gradient.size(),
          "Lbfgs::step: {} elements, were {} in the step before; use a new optimizer for a new model",
          here.gradient.size(), direction_.size());
  if (iterations_ == 0) scale_ = std::min(1.0, std::max(std::abs(before), largest(here.gradient)));
  const double tolerance = options_.tolerance_change * scale_;
  for (Index i = 0; i < options_.max_iterations && largest(here.gradient) > options_.tolerance_gradient * scale_; ++i) {
    const double loss = here.loss;
    if (!follow_direction(problem, here)) break;
    require<StateError>(std::isfinite(here.loss),
                        "Lbfgs::step: the loss is {} (a line search or a lower learning rate helps)", here.loss);
    if (problem.evaluations >= options_.max_evaluations || largest(direction_) * length_ <= tolerance ||
        std::abs(here.loss - loss) < tolerance)
      break;
  }
  problem.zero_gradients();
  return before;
}

// Learns from the step before, then takes one. False where no direction leads downwards.
bool Lbfgs::follow_direction(Problem& problem, LinePoint& here) {
  if (!direction_.empty()) {
    Pair pair{direction_, here.gradient};
    for (double& x : pair.step) x *= length_;
    add(pair.difference, -1, previous_gradient_);
    remember(std::move(pair));
  }
  direction_ = direction(here.gradient);
  previous_gradient_ = here.gradient;
  const double sum = std::accumulate(here.gradient.begin(), here.gradient.end(), 0.0,
                                     [](double s, double g) { return s + std::abs(g); });
  const double first = (iterations_ == 0 ? std::min(1.0, 1 / sum) : 1.0) * options_.learning_rate;
  ++iterations_;
  here.slope = dot(here.gradient, direction_);
  here.length = length_ = 0;  // none made yet
  // The slope along the gradient itself is its square.
  if (here.slope > -options_.tolerance_change * scale_ * scale_) return false;
  if (problem.constrained()) return follow_arc(problem, here, first);

  const Vector start = problem.values();
  const auto at = [&](double length) {
    problem.go(start, length, direction_);
    LinePoint point = problem.evaluate();
    point.length = length;
    point.slope = dot(point.gradient, direction_);
    return point;
  };
  if (options_.line_search == LineSearch::strong_wolfe) {
    here = strong_wolfe(at, here, first, largest(direction_), {.tolerance_change = options_.tolerance_change * scale_});
  } else if (options_.line_search == LineSearch::backtracking) {
    here = backtracking(at, here, first);
  } else {
    here = at(first);
  }
  length_ = here.length;
  problem.go(start, length_, direction_);
  return true;
}

// Constraints hold at every point tried, so that the curvature learnt is that of the step made: along the direction,
// bent by the constraints, and if that does not lead downwards along the negative gradient (Bertsekas 1976).
bool Lbfgs::follow_arc(Problem& problem, LinePoint& here, double first) {
  const Vector start = problem.values();
  for (int attempt = 0; attempt < 2; ++attempt) {
    double length = first;
    for (Index i = 0; i < LineSearchOptions{}.max_evaluations; ++i, length /= 2) {
      problem.go(start, length, direction_);
      problem.constrain();
      Vector moved = problem.values();
      add(moved, -1, start);
      LinePoint there = problem.evaluate();
      const double promised = dot(here.gradient, moved);
      const bool lower = promised < 0 && there.loss <= here.loss + LineSearchOptions{}.sufficient_decrease * promised;
      if (!lower && options_.line_search != LineSearch::none) continue;
      direction_ = std::move(moved);
      length_ = 1;
      here = std::move(there);
      return true;
    }
    pairs_.clear();
    curvature_ = 1;
    direction_ = direction(here.gradient);
  }
  problem.go(start, 0, direction_);
  return false;
}

std::map<std::string, Array> Lbfgs::state() const {
  std::map<std::string, Array> state;
  state.emplace("numbers", array_of({static_cast<double>(iterations_), curvature_, length_,
                                     static_cast<double>(pairs_.size()), scale_}));
  state.emplace("direction", array_of(direction_));
  state.emplace("previous_gradient", array_of(previous_gradient_));
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    state.emplace(fmt::format("step/{}", i), array_of(pairs_[i].step));
    state.emplace(fmt::format("difference/{}", i), array_of(pairs_[i].difference));
  }
  return state;
}

void Lbfgs::set_state(const std::map<std::string, Array>& state) {
  const auto get = [&](const std::string& name) {
    const auto at = state.find(name);
    require<ValueError>(at != state.end(), "Lbfgs::set_state: no {}", name);
    return at->second.to_doubles();
  };
  const Vector numbers = get("numbers");
  require<ValueError>(
      numbers.size() == 5 && numbers[0] >= 0 && numbers[3] >= 0 && numbers[3] <= static_cast<double>(options_.history),
      "Lbfgs::set_state: numbers do not fit a history of {}", options_.history);
  Vector direction = get("direction"), gradient = get("previous_gradient");
  std::deque<Pair> pairs;
  bool fits = direction.size() == gradient.size();
  for (std::size_t i = 0; i < static_cast<std::size_t>(numbers[3]); ++i) {
    pairs.push_back({get(fmt::format("step/{}", i)), get(fmt::format("difference/{}", i))});
    fits = fits && pairs.back().step.size() == direction.size() && pairs.back().difference.size() == direction.size();
  }
  require<ValueError>(fits, "Lbfgs::set_state: vectors of unequal size");
  iterations_ = static_cast<Index>(numbers[0]);
  curvature_ = numbers[1];
  length_ = numbers[2];
  scale_ = numbers[4];
  direction_ = std::move(direction);
  previous_gradient_ = std::move(gradient);
  pairs_ = std::move(pairs);
}

}  // namespace recur::optim
