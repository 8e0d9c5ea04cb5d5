#pragma once

#include <recur/optim/link.h>

namespace recur::optim {

/// The adaptive methods as links: each turns gradients into directions whose size depends little on that of the
/// gradients. The learning rate comes after them. g is the gradient, t the number of the update, from 1.

struct ScaleByAdamOptions {
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  /// Add epsilon to sqrt(v / (1 - beta_2^t)) (the paper, PyTorch) rather than to sqrt(v) ("epsilon hat", Keras).
  bool correct_epsilon = false;
};

/// m = β1 m + (1-β1) g; v = β2 v + (1-β2) g²; m̂ / (sqrt(v̂) + ε), both divided by 1 - β^t. AMSGrad: v̂ is made of the
/// largest v so far. (Kingma and Ba 2015; Reddi et al. 2018)
class ScaleByAdam {
 public:
  explicit ScaleByAdam(ScaleByAdamOptions options);
  [[nodiscard]] std::vector<Slot> slots() const;
  void begin(const UpdateInfo& step);
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  ScaleByAdamOptions options_;
  double correction_ = 1;  // sqrt(1 - β2^t) / (1 - β1^t)
  double epsilon_ = 0;     // as added to sqrt(v)
};

struct ScaleByNadamOptions {
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  double momentum_decay = 0.004;
};

/// Adam with Nesterov momentum: μ_t = β1 (1 - 0.96^(t · momentum_decay) / 2), P_t = μ_1 ⋯ μ_t;
/// ((1-μ_t) g / (1-P_t) + μ_{t+1} m / (1-P_{t+1})) / (sqrt(v̂) + ε). (Dozat 2016)
class ScaleByNadam {
 public:
  explicit ScaleByNadam(ScaleByNadamOptions options);
  [[nodiscard]] std::vector<Slot> slots() const { return {{"m"}, {"v"}}; }
  void begin(const UpdateInfo& step);
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  /// P_t of an update.
  struct Product {
    Index number = 0;
    double value = 1;
  };
  [[nodiscard]] double mu(Index t) const;
  [[nodiscard]] double product_of(Index t);
  ScaleByNadamOptions options_;
  std::vector<Product> products_;  // of the last updates, the latest first
  double of_gradient_ = 0, of_momentum_ = 0, root_ = 1;
};

struct ScaleByAdamaxOptions {
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool epsilon_in_maximum = false;  ///< u = max(β2 u, |g| + ε), m / u (PyTorch) rather than m / (u + ε)
};

/// u = max(β2 u, |g|); m / (u + ε) / (1 - β1^t). (Kingma and Ba 2015)
class ScaleByAdamax {
 public:
  explicit ScaleByAdamax(ScaleByAdamaxOptions options);
  [[nodiscard]] std::vector<Slot> slots() const { return {{"m"}, {"u"}}; }
  void begin(const UpdateInfo& step);
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  ScaleByAdamaxOptions options_;
  double correction_ = 1;
};

struct ScaleByRmsOptions {
  double rho = 0.9;
  double epsilon = 1e-7;
  bool centered = false;         ///< subtract the square of the mean gradient
  bool epsilon_in_root = false;  ///< g / sqrt(s + ε) rather than g / (sqrt(s) + ε)
};

/// s = ρ s + (1-ρ) g²; g / (sqrt(s) + ε). (Tieleman and Hinton 2012; centered: Graves 2013)
class ScaleByRms {
 public:
  explicit ScaleByRms(ScaleByRmsOptions options);
  [[nodiscard]] std::vector<Slot> slots() const;
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  ScaleByRmsOptions options_;
};

struct ScaleByAdagradOptions {
  double initial_accumulator = 0.1;
  double epsilon = 1e-7;
  bool epsilon_in_root = false;
};

/// s = s + g²; g / (sqrt(s) + ε). (Duchi et al. 2011)
class ScaleByAdagrad {
 public:
  explicit ScaleByAdagrad(ScaleByAdagradOptions options);
  [[nodiscard]] std::vector<Slot> slots() const { return {{"accumulator", options_.initial_accumulator}}; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  ScaleByAdagradOptions options_;
};

struct ScaleByAdadeltaOptions {
  double rho = 0.95;
  double epsilon = 1e-7;
};

/// s = ρ s + (1-ρ) g²; d = sqrt(u + ε) / sqrt(s + ε) · g; u = ρ u + (1-ρ) d². (Zeiler 2012)
class ScaleByAdadelta {
 public:
  explicit ScaleByAdadelta(ScaleByAdadeltaOptions options);
  [[nodiscard]] std::vector<Slot> slots() const { return {{"accumulator"}, {"delta"}}; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  ScaleByAdadeltaOptions options_;
};

struct ScaleByLionOptions {
  double beta_1 = 0.9;
  double beta_2 = 0.99;
};

/// sign(β1 m + (1-β1) g); then m = β2 m + (1-β2) g. (Chen et al. 2023)
class ScaleByLion {
 public:
  explicit ScaleByLion(ScaleByLionOptions options);
  [[nodiscard]] std::vector<Slot> slots() const { return {{"m"}}; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  ScaleByLionOptions options_;
};

/// Return the link of this name, for chains: `chain(scale_by_adam(), scale_by_learning_rate(1e-3))`.
[[nodiscard]] inline ScaleByAdam scale_by_adam(ScaleByAdamOptions options = {}) { return ScaleByAdam(options); }
[[nodiscard]] inline ScaleByNadam scale_by_nadam(ScaleByNadamOptions options = {}) { return ScaleByNadam(options); }
[[nodiscard]] inline ScaleByAdamax scale_by_adamax(ScaleByAdamaxOptions options = {}) { return ScaleByAdamax(options); }
[[nodiscard]] inline ScaleByRms scale_by_rms(ScaleByRmsOptions options = {}) { return ScaleByRms(options); }
[[nodiscard]] inline ScaleByAdagrad scale_by_adagrad(ScaleByAdagradOptions options = {}) {
  return ScaleByAdagrad(options);
}
[[nodiscard]] inline ScaleByAdadelta scale_by_adadelta(ScaleByAdadeltaOptions options = {}) {
  return ScaleByAdadelta(options);
}
[[nodiscard]] inline ScaleByLion scale_by_lion(ScaleByLionOptions options = {}) { return ScaleByLion(options); }

}  // namespace recur::optim
