#pragma once

#include <recur/optim/optimizer.h>

namespace recur::optim {

/// Options of `adabelief`, with the defaults of the paper.
struct AdabeliefOptions {
  Schedule learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-16;
  double weight_decay = 0;  ///< decoupled
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};

  void fields(auto& f) {
    f("beta_1", beta_1);
    f("beta_2", beta_2);
    f("epsilon", epsilon);
  }
};

/// m = β1 m + (1-β1) g; s = β2 s + (1-β2) (g - m)² + ε; m̂ / (sqrt(ŝ) + ε), both divided by 1 - β^t: the step is large
/// where the gradient is near to what was expected of it. (Zhuang et al. 2020)
class ScaleByBelief {
 public:
  /// Throws ValueError if a beta is outside [0, 1) or epsilon is negative.
  ScaleByBelief(double beta_1, double beta_2, double epsilon);
  [[nodiscard]] std::vector<Slot> slots() const { return {{"m"}, {"s"}}; }
  void begin(const UpdateInfo& step);
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  double beta_1_, beta_2_, epsilon_;
  double root_ = 1;        // sqrt(1 - β2^t)
  double correction_ = 1;  // root_ / (1 - β1^t)
};

/// AdaBelief. @throws ValueError for options outside their range.
[[nodiscard]] Optimizer adabelief(AdabeliefOptions options = {});

}  // namespace recur::optim
