#pragma once

#include <recur/framework/tensor/config_key.h>
#include <recur/optim/schedules.h>

#include <string>
#include <string_view>
#include <vector>

namespace recur::optim {

/// A schedule in the shape of Keras, `{"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.01, …}}`, or
/// a number. Classes and keys are those of `keras.optimizers.schedules` (ExponentialDecay, PiecewiseConstantDecay,
/// PolynomialDecay, InverseTimeDecay, CosineDecay, CosineDecayRestarts), and StepDecay, LinearCosineDecay, OneCycle and
/// InverseSquareRoot with the members of their options here, and WarmUp (steps, start, then: another schedule).
/// @throws ValueError for what is no JSON, an unknown class or key, a missing key or a value of the wrong kind.
[[nodiscard]] Schedule schedule_from_config(std::string_view config);

/// What `schedule_from_config` makes an equal schedule of. @throws StateError for a function of one's own.
[[nodiscard]] std::string get_config(const Schedule& schedule);

/// Returns the class names that `schedule_from_config` takes.
[[nodiscard]] std::vector<std::string> schedule_names();
/// Returns the keys that a config of this class may have, with their defaults. Throws ValueError for an unknown class.
[[nodiscard]] std::vector<ConfigKey> schedule_keys(std::string_view class_name);

}  // namespace recur::optim
