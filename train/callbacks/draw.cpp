#include <recur/train/callbacks/draw.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace recur {

std::int32_t draw_class(std::span<const double> logits, double temperature, Generator& generator) {
  require<ValueError>(temperature > 0, "draw_class: the temperature must be positive, got {}", temperature);
  require<ValueError>(!logits.empty(), "draw_class: no logits");
  for (const double logit : logits)
    require<ValueError>(logit < std::numeric_limits<double>::infinity(),
                        "draw_class: a logit is {} (did the training diverge?)", logit);
  const double highest = *std::ranges::max_element(logits);
  require<ValueError>(std::isfinite(highest), "draw_class: all {} logits are {}, which allows no class", logits.size(),
                      highest);
  std::vector<double> weights;
  double left = 0;
  for (const double logit : logits) left += weights.emplace_back(std::exp((logit - highest) / temperature));
  left *= generator.uniform();
  std::int32_t drawn = 0;
  auto last = static_cast<std::int32_t>(weights.size()) - 1;
  while (weights[static_cast<std::size_t>(last)] == 0) --last;
  for (; drawn < last; ++drawn)
    if ((left -= weights[static_cast<std::size_t>(drawn)]) < 0) break;
  return drawn;
}

}  // namespace recur
