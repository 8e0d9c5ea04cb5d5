#include <recur/train/samples/dyck.h>

#include <cmath>
#include <string_view>
#include <vector>

namespace recur::samples {
namespace {

constexpr std::string_view opening = "([{<";
constexpr std::string_view closing = ")]}>";

void check(const char* function, const DyckOptions& options) {
  require<ValueError>(options.types >= 1 && options.types <= static_cast<Index>(opening.size()),
                      "{}: types must be 1 to {}, got {}", function, opening.size(), options.types);
  require<ValueError>(options.depth >= 1, "{}: depth must be at least 1, got {}", function, options.depth);
  require<ValueError>(options.close > 0 && options.close < 1, "{}: the probability to close must be in (0, 1), got {}",
                      function, options.close);
}

}  // namespace

std::string dyck_text(Index characters, const DyckOptions& options, Generator& generator) {
  require<ValueError>(characters >= 0, "dyck_text: negative length {}", characters);
  check("dyck_text", options);
  std::string text;
  text.reserve(static_cast<std::size_t>(characters));
  std::vector<std::size_t> open;
  const auto depth = static_cast<std::size_t>(options.depth);
  for (Index i = 0; i < characters; ++i) {
    const bool closes = open.size() == depth || (!open.empty() && generator.bernoulli(options.close));
    if (closes) {
      text += closing[open.back()];
      open.pop_back();
    } else {
      open.push_back(static_cast<std::size_t>(generator.below(options.types)));
      text += opening[open.back()];
    }
  }
  return text;
}

DyckEntropy dyck_entropy(const DyckOptions& options) {
  check("dyck_entropy", options);
  const double p = options.close;
  const double kind = std::log(static_cast<double>(options.types));
  const double coin = -p * std::log(p) - (1 - p) * std::log(1 - p);
  // How often each depth is met in the long run, up to a factor: as often a step leads from d to d + 1 as back.
  double visits = 1;
  double all = 0;
  DyckEntropy sum{0, 0};
  for (Index d = 0; d <= options.depth; ++d) {
    const double opens = d == 0 ? 1 : d == options.depth ? 0 : 1 - p;
    const double nats = opens * kind + (d > 0 && d < options.depth ? coin : 0);
    sum.rate += visits * nats;
    sum.depth_only += visits * (nats + (1 - opens) * kind);
    all += visits;
    visits *= opens / (d + 1 == options.depth ? 1 : p);
  }
  return {sum.rate / all, sum.depth_only / all};
}

}  // namespace recur::samples
