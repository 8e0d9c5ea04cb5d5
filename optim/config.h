#pragma once

#include <recur/framework/tensor/config_key.h>
#include <recur/optim/optimizer.h>

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace recur::optim {

/// The name of an optimizer in the library whose convention it follows, and its arguments there as a JSON object.
struct OptimizerConfig {
  std::string class_name;  ///< `torch.optim.Adam`, `tf.keras.optimizers.Adam` or `keras.optimizers.Adam`
  std::string config;      ///< `{"lr":0.01,"betas":[0.9,0.999]}`
};

/// An optimizer with the arguments of PyTorch, of tf.keras (TensorFlow 1.15) or of Keras 3, as the prefix of
/// `class_name` says; without a prefix, `Adam` or `adam`, it is Keras 3's; the convention's defaults hold for what is
/// not given. Understood for all: `decay`, `weight_decay`, `exclude_from_weight_decay`, `clipnorm`, `global_clipnorm`,
/// `clipvalue`, `ema_momentum` (with or without Keras 3's `use_ema`) and `gradient_accumulation_steps`; the learning
/// rate may be a schedule (schedule_config.h). Keys of Keras and PyTorch that mean nothing here (`name`, `foreach` …)
/// may be given as long as they ask for nothing. @throws ValueError for an unknown class or key, or a value of the
/// wrong kind.
[[nodiscard]] Optimizer from_config(std::string_view class_name, std::string_view config);

/// Takes the config as an object of a JSON library: anything whose `dump()` gives its text.
template <class Json>
  requires requires(const Json& json) {
    { json.dump() } -> std::convertible_to<std::string>;
  }
[[nodiscard]] Optimizer from_config(std::string_view class_name, const Json& config) {
  return from_config(class_name, std::string_view(config.dump()));
}

/// What `from_config` makes an equal optimizer of, the present learning rate included.
/// @throws StateError for a chain, which has no name, and for a learning rate that is a function of one's own.
[[nodiscard]] OptimizerConfig get_config(const Optimizer& optimizer);

/// Returns the class names that `from_config` takes, with their prefixes.
[[nodiscard]] std::vector<std::string> config_names();
/// Returns the keys that a config of this class may have, with their defaults. Throws ValueError for an unknown class.
[[nodiscard]] std::vector<ConfigKey> config_keys(std::string_view class_name);

}  // namespace recur::optim
