#pragma once

#include <recur/optim/filters.h>
#include <recur/optim/link.h>
#include <recur/optim/schedules.h>

#include <optional>

namespace recur::optim {

/// All norms of gradients are Euclidean, over all elements.

/// Returns the Euclidean norm of the gradients of all `parameters` together.
[[nodiscard]] double global_norm(std::span<Parameter* const> parameters);
[[nodiscard]] double global_norm(std::span<const NamedParameter> parameters);

/// Limits each element to [-limit, limit]. (Keras clipvalue)
class ClipByValue {
 public:
  explicit ClipByValue(double limit);
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  double limit_;
};

/// Scales the gradient of each parameter down to a norm of at most `limit`. (Keras clipnorm)
class ClipByNorm {
 public:
  explicit ClipByNorm(double limit);
  void prepare(std::span<Parameter* const> all);
  template <Scalar T>
  void update(ParameterBlock<T>& block) const {
    block.scale *= factors_[block.parameter];
  }

 private:
  double limit_;
  std::vector<double> factors_;
};

/// Scales all gradients by one factor, so that their common norm is at most `limit` (Pascanu et al. 2013; Keras
/// global_clipnorm). If one gradient is NaN, all become NaN. PyTorch's clip_grad_norm_ adds 1e-6 to the norm; this link
/// does not.
class ClipByGlobalNorm {
 public:
  explicit ClipByGlobalNorm(double limit);
  void prepare(std::span<Parameter* const> all);
  template <Scalar T>
  void update(ParameterBlock<T>& block) const {
    block.scale *= factor_;
  }

 private:
  double limit_;
  double factor_ = 1;
};

/// Multiplies the gradient by a number or a schedule.
class Scale {
 public:
  explicit Scale(Schedule factor) : schedule_(std::move(factor)) {}
  void begin(const UpdateInfo& step) { factor_ = schedule_(step.number - 1); }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const {
    block.scale *= factor_;
  }

 private:
  Schedule schedule_;
  double factor_ = 1;
};

/// Multiplies the gradient by minus the learning rate. `Optimizer::set_learning_rate` changes the rate.
class ScaleByLearningRate {
 public:
  /// The rate of update t, counted from 0, is learning_rate(t) / (1 + decay · t).
  explicit ScaleByLearningRate(Schedule learning_rate, double decay = 0);
  void begin(const UpdateInfo& step) { factor_ = -step.learning_rate; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const {
    block.scale *= factor_;
  }
  [[nodiscard]] const Schedule& schedule() const { return schedule_; }
  void set_schedule(Schedule learning_rate);
  [[nodiscard]] double at(Index t) const { return schedule_(t) / (1 + decay_ * static_cast<double>(t)); }

 private:
  Schedule schedule_;
  double decay_;
  double factor_ = 0;
};

/// Adds rate · value to the gradient. Before an adaptive link this is the gradient of the penalty rate/2 · |value|².
/// After it and before the learning rate it is decoupled weight decay (Loshchilov and Hutter 2019). Only parameters
/// that `filter` accepts decay.
class AddDecayedWeights {
 public:
  explicit AddDecayedWeights(double rate, ParameterFilter filter = {});
  void bind(std::span<const NamedParameter> all) { selection_.bind(all); }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  double rate_;
  Selection selection_;
};

/// Subtracts learning rate · rate · value. Decoupled weight decay as the last link, after the learning rate.
class DecayWeights {
 public:
  explicit DecayWeights(double rate, ParameterFilter filter = {});
  void bind(std::span<const NamedParameter> all) { selection_.bind(all); }
  void begin(const UpdateInfo& step) { factor_ = -step.learning_rate * rate_; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  double rate_;
  double factor_ = 0;
  Selection selection_;
};

struct MomentumOptions {
  double decay = 0.9;
  bool nesterov = false;  ///< look ahead: g + decay · velocity (Sutskever et al. 2013)
  double dampening = 0;   ///< of gradients after the first
};

/// Replaces the gradient g by the velocity: velocity = decay · velocity + (1 - dampening) · g.
class Momentum {
 public:
  /// Throws ValueError if the decay is outside [0, 1], or Nesterov's momentum has dampening.
  explicit Momentum(MomentumOptions options);
  [[nodiscard]] std::vector<Slot> slots() const { return {{"momentum"}}; }
  void begin(const UpdateInfo& step) { fresh_ = step.own == 1 ? 1 : 1 - options_.dampening; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  MomentumOptions options_;
  double fresh_ = 1;
};

/// Keeps an exponential moving average of the values: average = momentum · average + (1 - momentum) · value. It begins
/// with the value after the first update (Polyak and Juditsky 1992; Keras use_ema). Must be the last link, so that it
/// sees the values after the update; constraints are applied later. `AveragedWeights` uses the averages.
class AverageWeights {
 public:
  static constexpr const char* slot_name = "average";
  /// Throws ValueError if the momentum is outside [0, 1).
  explicit AverageWeights(double momentum = 0.99);
  [[nodiscard]] std::vector<Slot> slots() const { return {{.name = slot_name, .of_value = true}}; }
  void begin(const UpdateInfo& step) { keep_ = step.own == 1 ? 0 : momentum_; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const;

 private:
  double momentum_;
  double keep_ = 0;
};

/// Accumulates the gradients of `steps` calls of `Optimizer::step`. The last of these calls makes an update with their
/// mean. Must be the first link.
class AccumulateGradients {
 public:
  /// Throws ValueError unless `steps` is positive.
  explicit AccumulateGradients(Index steps);
  [[nodiscard]] Index steps() const { return steps_; }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const {
    block.scale /= static_cast<double>(steps_);
  }

 private:
  Index steps_;
};

/// Return the link of this name, for chains: `chain(clip_by_global_norm(5), scale_by_adam(),
/// scale_by_learning_rate(1e-3))`.
[[nodiscard]] inline ClipByValue clip_by_value(double limit) { return ClipByValue(limit); }
[[nodiscard]] inline ClipByNorm clip_by_norm(double limit) { return ClipByNorm(limit); }
[[nodiscard]] inline ClipByGlobalNorm clip_by_global_norm(double limit) { return ClipByGlobalNorm(limit); }
[[nodiscard]] inline Scale scale(Schedule factor) { return Scale(std::move(factor)); }
[[nodiscard]] inline ScaleByLearningRate scale_by_learning_rate(Schedule learning_rate, double decay = 0) {
  return ScaleByLearningRate(std::move(learning_rate), decay);
}
[[nodiscard]] inline AddDecayedWeights add_decayed_weights(double rate, ParameterFilter filter = {}) {
  return AddDecayedWeights(rate, std::move(filter));
}
[[nodiscard]] inline DecayWeights decay_weights(double rate, ParameterFilter filter = {}) {
  return DecayWeights(rate, std::move(filter));
}
[[nodiscard]] inline AverageWeights average_weights(double momentum = 0.99) { return AverageWeights(momentum); }
[[nodiscard]] inline AccumulateGradients accumulate_gradients(Index steps) { return AccumulateGradients(steps); }
[[nodiscard]] inline Momentum momentum(MomentumOptions options = {}) { return Momentum(options); }

}  // namespace recur::optim
