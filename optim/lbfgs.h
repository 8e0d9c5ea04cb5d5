#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/optim/line_search.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace recur::optim {

/// How far to go along a direction.
enum class LineSearch {
  none,          ///< the learning rate's part of the step, unseen (torch line_search_fn=None)
  backtracking,  ///< halve until the loss falls enough (Armijo 1966)
  strong_wolfe,  ///< until the slope is small, too (Nocedal and Wright 2006, algorithms 3.5 and 3.6)
};

/// Options of `Lbfgs`, with names and defaults of `torch.optim.LBFGS` except for the line search.
struct LbfgsOptions {
  double learning_rate = 1;   ///< of the step tried first
  Index max_iterations = 20;  ///< directions in one call of `step`
  Index max_evaluations = 0;  ///< of the closure in one call of `step`; 0: 1.25 max_iterations
  // Where loss and gradient of the first step are both below 1, tolerances are relative to the larger of them.
  double tolerance_gradient = 1e-7;  ///< largest element of a gradient that counts as zero
  double tolerance_change = 1e-9;    ///< change of loss or parameters that counts as none
  Index history = 100;               ///< steps the curvature is known from
  LineSearch line_search = LineSearch::strong_wolfe;
};

/// Limited-memory BFGS (Nocedal 1980; Liu and Nocedal 1989). For models of up to some ten thousand parameters and a
/// loss without random numbers: all data in one batch, no dropout. Computes in double, whatever the type of the
/// parameters.
class Lbfgs {
 public:
  /// Computes the loss and adds to the gradients, which are zero at the call: `tape.reset(); Var l = …;
  /// tape.backward(l); return l.item();`. Called several times in a step, with changed parameters.
  using Closure = std::function<double()>;

  /// Throws ValueError if an option is outside its range.
  explicit Lbfgs(LbfgsOptions options = {});

  /// Follows up to `max_iterations` directions and zeroes the gradients. Constraints hold at every point that is tried.
  /// If parameters have constraints, the line search halves the step until the loss falls enough, unless the line
  /// search is `none`. @returns the loss before the step
  /// Throws ShapeError if the number of elements of `parameters` differs from the step before.
  double step(std::span<const NamedParameter> parameters, const Closure& closure);

  /// Returns the number of directions followed so far.
  [[nodiscard]] Index iterations() const { return iterations_; }

  /// Returns the whole state, to save and to continue from with the same bits.
  [[nodiscard]] std::map<std::string, Array> state() const;
  /// Restores a state. Throws ValueError, and changes nothing, if the state is incomplete or inconsistent.
  void set_state(const std::map<std::string, Array>& state);

 private:
  using Vector = std::vector<double>;
  /// A change of the parameters and the change of the gradient that came with it.
  struct Pair {
    Vector step, difference;
  };
  struct Problem;

  void remember(Pair pair);
  bool follow_direction(Problem& problem, LinePoint& here);
  bool follow_arc(Problem& problem, LinePoint& here, double first);
  [[nodiscard]] Vector direction(const Vector& gradient) const;

  LbfgsOptions options_;
  std::deque<Pair> pairs_;
  double curvature_ = 1;  // scale of the inverse Hessian's diagonal
  Vector direction_, previous_gradient_;
  double length_ = 0;  // of the last step, in directions
  double scale_ = 1;   // of the tolerances
  Index iterations_ = 0;
};

}  // namespace recur::optim
