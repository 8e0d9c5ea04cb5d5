#pragma once

#include <recur/optim/optimizer.h>

#include <optional>
#include <utility>
#include <vector>

namespace recur::optim::detail {

/// The default under the convention of `options` for what is not given.
template <class T, class Options>
void complete(std::optional<T>& value, const Options& options, double keras, double keras3, double torch) {
  if (value) return;
  const Convention convention = options.convention;
  value = convention == Convention::torch ? torch : convention == Convention::keras3 ? keras3 : keras;
}

/// The limits of the gradient, which come first.
[[nodiscard]] inline std::vector<AnyLink> clips(const ClipOptions& clip) {
  require<ValueError>(clip.norm >= 0 && clip.global_norm >= 0 && clip.value >= 0,
                      "clip: norm {}, global norm {}, value {}: limits must not be negative", clip.norm,
                      clip.global_norm, clip.value);
  std::vector<AnyLink> links;
  if (clip.norm > 0) links.emplace_back(clip_by_norm(clip.norm));
  if (clip.global_norm > 0) links.emplace_back(clip_by_global_norm(clip.global_norm));
  if (clip.value > 0) links.emplace_back(clip_by_value(clip.value));
  return links;
}

/// An optimizer of clips, `middle`, which contains the learning rate, and weight decay in the convention's place.
template <class Options>
[[nodiscard]] Optimizer assemble(Options options, std::vector<AnyLink> middle, double weight_decay, bool decoupled) {
  std::vector<AnyLink> links = clips(options.clip);
  if constexpr (requires { options.maximize; })
    if (options.maximize) links.insert(links.begin(), scale(-1));
  const CommonOptions& common = options.common;
  require<ValueError>(common.ema_momentum >= 0 && common.ema_momentum < 1, "ema_momentum {}, must be in [0, 1)",
                      common.ema_momentum);
  if (common.gradient_accumulation_steps != 1)
    links.insert(links.begin(), accumulate_gradients(common.gradient_accumulation_steps));
  const ParameterFilter decays =
      common.exclude_from_weight_decay.empty() ? ParameterFilter{} : all_but(common.exclude_from_weight_decay);
  if (weight_decay != 0 && !decoupled) links.emplace_back(add_decayed_weights(weight_decay, decays));
  links.insert(links.end(), middle.begin(), middle.end());
  if (weight_decay != 0 && decoupled) links.emplace_back(decay_weights(weight_decay, decays));
  if (common.ema_momentum != 0) links.emplace_back(average_weights(common.ema_momentum));
  return Optimizer(std::move(links), std::move(options));
}

/// With the weight decay of the options, decoupled unless the convention is torch's.
template <class Options>
[[nodiscard]] Optimizer assemble(Options options, std::vector<AnyLink> middle) {
  const double weight_decay = options.weight_decay;
  const bool decoupled = options.convention != Convention::torch;
  return assemble(std::move(options), std::move(middle), weight_decay, decoupled);
}

}  // namespace recur::optim::detail
