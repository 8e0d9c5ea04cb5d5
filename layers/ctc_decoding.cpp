#include <recur/layers/ctc_decoding.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace recur {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

double add_logs(double a, double b) {
  const double top = std::max(a, b);
  return top == impossible ? impossible : top + std::log1p(std::exp(std::min(a, b) - top));
}

/// Logarithms of the probabilities of the classes at each step of one sequence.
struct Steps {
  Index count, classes;
  std::vector<double> numbers;

  [[nodiscard]] std::span<const double> operator[](Index t) const {
    return std::span(numbers).subspan(static_cast<std::size_t>(t * classes), static_cast<std::size_t>(classes));
  }
};

std::vector<Steps> read_steps(const char* function, const Array& logits, const CtcDecodingOptions& options) {
  const Shape& shape = logits.shape();
  require(shape.rank() == 3 && shape[2] > 0, "{}: logits {} where {} is expected", function, shape,
          options.time_major ? "[time, batch, classes]" : "[batch, time, classes]");
  const Index batch = shape[options.time_major ? 1 : 0], time = shape[options.time_major ? 0 : 1], classes = shape[2];
  require(options.lengths.empty() || static_cast<Index>(options.lengths.size()) == batch,
          "{}: {} lengths for logits {}", function, options.lengths.size(), shape);
  require<ValueError>(options.blank >= 0 && options.blank < classes, "{}: blank {}, must be in [0, {})", function,
                      options.blank, classes);
  const std::vector<double> all = logits.to_doubles();
  std::vector<Steps> result;
  for (Index b = 0; b < batch; ++b) {
    const Index count = options.lengths.empty() ? time : options.lengths[static_cast<std::size_t>(b)];
    require(count >= 0 && count <= time, "{}: sequence {} has {} steps, the logits {}", function, b, count, time);
    Steps steps{count, classes, {}};
    for (Index t = 0; t < count; ++t) {
      const auto* const row = all.data() + (options.time_major ? t * batch + b : b * time + t) * classes;
      const double top = *std::max_element(row, row + classes);
      double sum = 0;
      for (Index k = 0; k < classes; ++k) sum += std::exp(row[k] - top);
      for (Index k = 0; k < classes; ++k) steps.numbers.push_back(row[k] - top - std::log(sum));
    }
    result.push_back(std::move(steps));
  }
  return result;
}

CtcReading best_path(const Steps& steps, std::int32_t blank) {
  CtcReading reading;
  std::int32_t before = blank;
  for (Index t = 0; t < steps.count; ++t) {
    const auto row = steps[t];
    const auto best = std::ranges::max_element(row);
    const auto label = static_cast<std::int32_t>(best - row.begin());
    reading.log_probability += *best;
    if (label != blank && label != before) {
      reading.labels.push_back(label);
      reading.steps.push_back(t);
    }
    before = label;
  }
  return reading;
}

/// Labellings as a tree of prefixes.
class Prefixes {
 public:
  static constexpr Index root = 0;

  [[nodiscard]] Index extend(Index prefix, std::int32_t label) {
    const auto [at, added] = children_.try_emplace({prefix, label}, static_cast<Index>(nodes_.size()));
    if (added) nodes_.push_back({prefix, label});
    return at->second;
  }
  [[nodiscard]] std::int32_t last(Index prefix) const { return nodes_[static_cast<std::size_t>(prefix)].label; }
  [[nodiscard]] std::vector<std::int32_t> labels(Index prefix) const {
    std::vector<std::int32_t> result;
    for (; prefix != root; prefix = nodes_[static_cast<std::size_t>(prefix)].parent) result.push_back(last(prefix));
    std::ranges::reverse(result);
    return result;
  }

 private:
  struct Node {
    Index parent;
    std::int32_t label;
  };
  std::vector<Node> nodes_{{root, -1}};
  std::map<std::pair<Index, std::int32_t>, Index> children_;
};

/// Paths of one labelling up to a step, by whether they end in a blank.
struct Paths {
  double blank = impossible;
  double label = impossible;

  [[nodiscard]] double all() const { return add_logs(blank, label); }
};

using Beam = std::vector<std::pair<Index, Paths>>;

Beam step(const Beam& beam, std::span<const double> row, std::int32_t blank, Prefixes& prefixes) {
  std::map<Index, Paths> next;
  for (const auto& [prefix, paths] : beam) {
    const double all = paths.all();
    const std::int32_t last = prefixes.last(prefix);
    Paths& stays = next[prefix];
    stays.blank = add_logs(stays.blank, all + row[static_cast<std::size_t>(blank)]);
    if (last >= 0) stays.label = add_logs(stays.label, paths.label + row[static_cast<std::size_t>(last)]);
    for (std::size_t k = 0; k < row.size(); ++k) {
      const auto label = static_cast<std::int32_t>(k);
      if (label == blank) continue;
      Paths& longer = next[prefixes.extend(prefix, label)];
      longer.label = add_logs(longer.label, (label == last ? paths.blank : all) + row[k]);
    }
  }
  return {next.begin(), next.end()};
}

CtcReading search(const Steps& steps, const CtcDecodingOptions& options) {
  Prefixes prefixes;
  Beam beam{{Prefixes::root, {.blank = 0, .label = impossible}}};
  for (Index t = 0; t < steps.count; ++t) {
    beam = step(beam, steps[t], options.blank, prefixes);
    std::ranges::stable_sort(beam, std::ranges::greater(), [](const auto& entry) { return entry.second.all(); });
    if (static_cast<Index>(beam.size()) > options.width) beam.resize(static_cast<std::size_t>(options.width));
  }
  return {prefixes.labels(beam.front().first), {}, beam.front().second.all()};
}

}  // namespace

std::vector<CtcReading> ctc_greedy(const Array& logits, const CtcDecodingOptions& options) {
  std::vector<CtcReading> readings;
  for (const Steps& steps : read_steps("ctc_greedy", logits, options))
    readings.push_back(best_path(steps, options.blank));
  return readings;
}

std::vector<CtcReading> ctc_beam_search(const Array& logits, const CtcDecodingOptions& options) {
  require<ValueError>(options.width >= 1, "ctc_beam_search: a width of {}, at least 1 is needed", options.width);
  std::vector<CtcReading> readings;
  for (const Steps& steps : read_steps("ctc_beam_search", logits, options)) readings.push_back(search(steps, options));
  return readings;
}

}  // namespace recur
