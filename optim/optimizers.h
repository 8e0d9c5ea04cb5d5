#pragma once

#include <recur/optim/optimizer.h>

#include <concepts>
#include <string_view>

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

namespace detail {
template <class Rate>
concept LearningRate = std::convertible_to<Rate, Schedule>;
template <class Options>
[[nodiscard]] Options with_rate(const Schedule& rate) {
  Options options;
  options.learning_rate = rate;
  return options;
}
}  // namespace detail
/// Make optimizers from a learning rate alone, a number or a schedule, with defaults for everything else:
/// `optim::adam(1e-3)`. Braces are options.
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer sgd(Rate rate) {
  return sgd(detail::with_rate<SgdOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer rmsprop(Rate rate) {
  return rmsprop(detail::with_rate<RmspropOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer adagrad(Rate rate) {
  return adagrad(detail::with_rate<AdagradOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer adadelta(Rate rate) {
  return adadelta(detail::with_rate<AdadeltaOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer adam(Rate rate) {
  return adam(detail::with_rate<AdamOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer adamw(Rate rate) {
  return adamw(detail::with_rate<AdamwOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer adamax(Rate rate) {
  return adamax(detail::with_rate<AdamaxOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer nadam(Rate rate) {
  return nadam(detail::with_rate<NadamOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer lion(Rate rate) {
  return lion(detail::with_rate<LionOptions>(rate));
}
template <detail::LearningRate Rate>
[[nodiscard]] Optimizer ftrl(Rate rate) {
  return ftrl(detail::with_rate<FtrlOptions>(rate));
}

/// An optimizer by its Keras name, `"adam"` or `"RMSprop"`, with Keras 3's defaults. @throws ValueError for another
/// name, with the nearest one and all.
[[nodiscard]] Optimizer by_name(std::string_view name, Schedule learning_rate, const ClipOptions& clip = {});

}  // namespace recur::optim
