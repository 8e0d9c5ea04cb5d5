#pragma once

#include <recur/optim/optimizer.h>

namespace recur::optim {

/// The familiar optimizers: `auto optimizer = optim::adam({.learning_rate = 2e-3, .clip = {.global_norm = 5}});`.
/// Options, with defaults and formulas, are in options.h. All throw ValueError for options outside their range.
[[nodiscard]] Optimizer sgd(SgdOptions options = {});
[[nodiscard]] Optimizer rmsprop(RmspropOptions options = {});
[[nodiscard]] Optimizer adagrad(AdagradOptions options = {});
[[nodiscard]] Optimizer adadelta(AdadeltaOptions options = {});
[[nodiscard]] Optimizer adam(AdamOptions options = {});
[[nodiscard]] Optimizer adamw(AdamwOptions options = {});
[[nodiscard]] Optimizer adamax(AdamaxOptions options = {});
[[nodiscard]] Optimizer nadam(NadamOptions options = {});
[[nodiscard]] Optimizer lion(LionOptions options = {});
[[nodiscard]] Optimizer ftrl(FtrlOptions options = {});

}  // namespace recur::optim
