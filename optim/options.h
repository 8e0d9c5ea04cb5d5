#pragma once

#include <recur/optim/schedules.h>

#include <any>
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace recur::optim {

/// Whose formulas an optimizer follows, and whose defaults it has, where the well-known libraries differ. Each option
/// says how; the default is Keras'.
enum class Convention {
  keras,   ///< tf.keras of TensorFlow 1.15
  keras3,  ///< Keras 3
  torch,   ///< torch.optim
};

/// Limits of gradients, applied in this order before everything else; 0 is none.
struct ClipOptions {
  double norm = 0;         ///< of the gradient of each parameter (Keras clipnorm)
  double global_norm = 0;  ///< of all gradients together (Keras global_clipnorm)
  double value = 0;        ///< of each element (Keras clipvalue)
};

/// What goes with any optimizer.
struct CommonOptions {
  /// Parts of paths whose parameters weight decay leaves alone: `{"bias", "gamma"}`.
  std::vector<std::string> exclude_from_weight_decay{};
  Index gradient_accumulation_steps = 1;  ///< calls of `step` for one update, see `AccumulateGradients`
  double ema_momentum = 0;                ///< of moving averages of the values, see `AverageWeights`; 0 is none
};

// Defaults that differ between the conventions are empty here and given in the order keras / keras3 / torch.
// Common to all:
// decay: the learning rate is divided by 1 + decay · iterations (Keras decay; torch Adagrad's lr_decay).
// weight_decay: torch adds weight_decay · value to the gradient; keras and keras3 subtract
// learning_rate · weight_decay · value from the value (so do `adamw`, `lion` and `ftrl` always).
// maximize: the gradient counts with the other sign, so that the loss grows (torch).
// common: what goes with any of them.

/// v = momentum · v + g; value -= learning_rate · v. Keras keeps learning_rate · g in v, which matters when the
/// learning rate changes.
struct SgdOptions {
  std::optional<Schedule> learning_rate{};  ///< 0.01 / 0.01 / 0.001
  double momentum = 0;
  bool nesterov = false;
  double dampening = 0;  ///< of gradients after the first; torch only
  double weight_decay = 0;
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
  Convention convention = Convention::keras;
  bool maximize = false;
};

/// See `ScaleByRms`. Momentum is applied to the scaled gradient, in Keras after the learning rate. Epsilon is outside
/// the root in torch, inside in keras3, and in keras inside with momentum only.
struct RmspropOptions {
  std::optional<Schedule> learning_rate{};  ///< 0.001 / 0.001 / 0.01
  std::optional<double> rho{};              ///< 0.9 / 0.9 / 0.99 (torch: alpha)
  double momentum = 0;
  std::optional<double> epsilon{};  ///< 1e-7 / 1e-7 / 1e-8
  bool centered = false;
  double weight_decay = 0;
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
  Convention convention = Convention::keras;
  bool maximize = false;
};

/// See `ScaleByAdagrad`. Epsilon is inside the root in keras3.
struct AdagradOptions {
  std::optional<Schedule> learning_rate{};            ///< 0.001 / 0.001 / 0.01
  std::optional<double> initial_accumulator_value{};  ///< 0.1 / 0.1 / 0
  std::optional<double> epsilon{};                    ///< 1e-7 / 1e-7 / 1e-10
  double weight_decay = 0;
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
  Convention convention = Convention::keras;
  bool maximize = false;
};

/// See `ScaleByAdadelta`; all conventions have one formula.
struct AdadeltaOptions {
  std::optional<Schedule> learning_rate{};  ///< 0.001 / 0.001 / 1
  std::optional<double> rho{};              ///< 0.95 / 0.95 / 0.9
  std::optional<double> epsilon{};          ///< 1e-7 / 1e-7 / 1e-6
  double weight_decay = 0;
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
  Convention convention = Convention::keras;
  bool maximize = false;
};

/// See `ScaleByAdam`. Epsilon is added after the bias correction in torch, before it in Keras.
struct AdamOptions {
  Schedule learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  std::optional<double> epsilon{};  ///< 1e-7 / 1e-7 / 1e-8
  bool amsgrad = false;
  double weight_decay = 0;
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
  Convention convention = Convention::keras;
  bool maximize = false;
};

/// Adam with decoupled weight decay.
struct AdamwOptions {
  Schedule learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  std::optional<double> epsilon{};  ///< 1e-7 / 1e-7 / 1e-8
  bool amsgrad = false;
  std::optional<double> weight_decay{};  ///< 0.004 / 0.004 / 0.01
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
  Convention convention = Convention::keras;
  bool maximize = false;
};

/// See `ScaleByAdamax`. Epsilon is inside the maximum in torch.
struct AdamaxOptions {
  std::optional<Schedule> learning_rate{};  ///< 0.001 / 0.001 / 0.002
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  std::optional<double> epsilon{};  ///< 1e-7 / 1e-7 / 1e-8
  double weight_decay = 0;
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
  Convention convention = Convention::keras;
  bool maximize = false;
};

/// See `ScaleByNadam`; the rule as published, which PyTorch follows since 2.0. What Keras' Nadam calls `decay` is
/// `momentum_decay`; its learning rate does not decay.
struct NadamOptions {
  std::optional<Schedule> learning_rate{};  ///< 0.001 / 0.001 / 0.002
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  std::optional<double> epsilon{};         ///< 1e-7 / 1e-7 / 1e-8
  std::optional<double> momentum_decay{};  ///< 0.004 / 1 / 0.004 (Keras: schedule_decay)
  double weight_decay = 0;
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
  Convention convention = Convention::keras;
  bool maximize = false;
};

/// See `ScaleByLion`, with decoupled weight decay.
struct LionOptions {
  Schedule learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.99;
  double weight_decay = 0;
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
};

/// See `FtrlRule`. (Keras's names: l1_regularization_strength and so on)
struct FtrlOptions {
  Schedule learning_rate = 0.001;
  double learning_rate_power = -0.5;
  double initial_accumulator_value = 0.1;
  double l1 = 0;
  double l2 = 0;
  double l2_shrinkage = 0;
  double beta = 0;
  double weight_decay = 0;  ///< decoupled
  double decay = 0;
  ClipOptions clip{};
  CommonOptions common{};
};

/// What a ready-made optimizer was made with: options of any optimizer, or none for a chain.
class AnyOptions {
 public:
  AnyOptions() = default;
  template <class Options>
    requires(!std::same_as<std::remove_cvref_t<Options>, AnyOptions>)
  // NOLINTNEXTLINE(google-explicit-constructor): options are what an optimizer was made with.
  AnyOptions(Options options) {
    if constexpr (requires { options.convention; }) torch_ = options.convention == Convention::torch;
    options_ = std::move(options);
  }
  /// The options if they are `Options`, else null.
  template <class Options>
  [[nodiscard]] const Options* get_if() const {
    return std::any_cast<Options>(&options_);
  }
  [[nodiscard]] bool empty() const { return !options_.has_value(); }
  /// Whether formulas and defaults are those of torch.optim.
  [[nodiscard]] bool in_torch_convention() const { return torch_; }

 private:
  std::any options_;
  bool torch_ = false;
};

}  // namespace recur::optim
