#include <recur/framework/tensor/error.h>
#include <recur/train/loop/metrics.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

namespace recur {
namespace {

using Row = std::span<const double>;

/// A metric that is a function of a row, and then one of the mean.
struct Kind {
  const char* name;
  const char* alias;
  bool ids;
  bool larger_is_better;
  bool logits;
  double (*of_row)(Row prediction, Row target, std::int32_t id);
  double (*of_mean)(double mean);
};

template <class F>
double mean_over(Row prediction, Row target, F f) {
  double sum = 0;
  for (std::size_t i = 0; i < prediction.size(); ++i) sum += f(prediction[i], target[i]);
  return sum / static_cast<double>(prediction.size());
}

std::int32_t largest(Row row) { return static_cast<std::int32_t>(std::ranges::max_element(row) - row.begin()); }

/// How likely the class is among the k largest, if the model draws among equal ones.
double share_among_largest(Row prediction, std::int32_t id, Index k) {
  const double own = prediction[static_cast<std::size_t>(id)];
  if (std::ranges::any_of(prediction, [](double x) { return std::isnan(x); })) return 0;
  const Index above = std::ranges::count_if(prediction, [&](double x) { return x > own; });
  const Index equal = std::ranges::count(prediction, own);
  return std::clamp(static_cast<double>(k - above) / static_cast<double>(equal), 0.0, 1.0);
}

double negative_log_likelihood(Row logits, Row /*target*/, std::int32_t id) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double z : logits) sum += std::exp(z - top);
  return top + std::log(sum) - logits[static_cast<std::size_t>(id)];
}

double binary_cross_entropies(Row logits, Row target, std::int32_t /*id*/) {
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double z = logits[i];
    // An infinite logit is certain: without loss if it is right.
    sum += std::log1p(std::exp(-std::abs(z)));
    if (target[i] != 1) sum += (1 - target[i]) * std::max(z, 0.0);
    if (target[i] != 0) sum += target[i] * std::max(-z, 0.0);
  }
  return sum;
}

double same(double mean) { return mean; }

const Kind kinds[] = {
    {"binary_accuracy", "", false, true, true,
     [](Row p, Row t, std::int32_t) {
       return mean_over(p, t, [](double a, double b) { return !std::isnan(a) && (a > 0) == (b > 0.5) ? 1.0 : 0.0; });
     },
     same},
    {"categorical_accuracy", "", false, true, false,
     [](Row p, Row t, std::int32_t) { return share_among_largest(p, largest(t), 1); }, same},
    {"sparse_categorical_accuracy", "accuracy", true, true, false,
     [](Row p, Row, std::int32_t id) { return share_among_largest(p, id, 1); }, same},
    {"nll", "", true, false, true, negative_log_likelihood, same},
    {"perplexity", "", true, false, true, negative_log_likelihood, [](double mean) { return std::exp(mean); }},
    {"bits_per_character", "", true, false, true, negative_log_likelihood,
     [](double mean) { return mean / std::numbers::ln2; }},
    {"nll_per_frame", "", false, false, true, binary_cross_entropies, same},
    // Of a row with the errors and the labels of sequences, weighted by the labels.
    {"label_error", "", false, false, false,
     [](Row p, Row t, std::int32_t) {
       return mean_over(p, t, [](double a, double b) { return a / std::max(b, 1.0); });
     },
     same},
    {"mean_absolute_error", "mae", false, false, false,
     [](Row p, Row t, std::int32_t) { return mean_over(p, t, [](double a, double b) { return std::abs(a - b); }); },
     same},
    {"mean_squared_error", "mse", false, false, false,
     [](Row p, Row t, std::int32_t) { return mean_over(p, t, [](double a, double b) { return (a - b) * (a - b); }); },
     same},
    {"root_mean_squared_error", "rmse", false, false, false,
     [](Row p, Row t, std::int32_t) { return mean_over(p, t, [](double a, double b) { return (a - b) * (a - b); }); },
     [](double mean) { return std::sqrt(mean); }},
    {"mean_absolute_percentage_error", "mape", false, false, false,
     [](Row p, Row t, std::int32_t) {
       return mean_over(p, t, [](double a, double b) { return 100 * std::abs(a - b) / std::max(std::abs(b), 1e-7); });
     },
     same},
};

class KindMetric final : public Metric {
 public:
  KindMetric(std::string name, const Kind& kind) : Metric(std::move(name)), kind_(kind) {}
  [[nodiscard]] double result() const override { return kind_.of_mean(Metric::result()); }
  [[nodiscard]] bool larger_is_better() const override { return kind_.larger_is_better; }
  [[nodiscard]] bool takes_ids() const override { return kind_.ids; }
  [[nodiscard]] bool takes_logits() const override { return kind_.logits; }

 private:
  [[nodiscard]] double of_row(Row prediction, Row target, std::int32_t id) const override {
    return kind_.of_row(prediction, target, id);
  }
  const Kind& kind_;
};

class TopKAccuracy final : public Metric {
 public:
  explicit TopKAccuracy(Index k) : Metric(fmt::format("top_{}_accuracy", k)), k_(k) {}
  [[nodiscard]] bool larger_is_better() const override { return true; }
  [[nodiscard]] bool takes_ids() const override { return true; }

 private:
  [[nodiscard]] double of_row(Row prediction, Row /*target*/, std::int32_t id) const override {
    return share_among_largest(prediction, id, k_);
  }
  Index k_;
};

/// k of `top_<k>_accuracy`; 0 for another name.
Index k_of(std::string_view name) {
  constexpr std::string_view before = "top_", after = "_accuracy";
  if (!name.starts_with(before) || !name.ends_with(after) || name.size() <= before.size() + after.size()) return 0;
  const std::string_view digits = name.substr(before.size(), name.size() - before.size() - after.size());
  Index k = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), k);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? k : 0;
}

}  // namespace

void Metric::update(const MetricBatch& batch) {
  const auto rows = static_cast<std::size_t>(batch.rows), columns = static_cast<std::size_t>(batch.columns);
  require(columns > 0 && batch.prediction.size() == rows * columns, "{}: {} numbers predicted, not {} rows of {}",
          name_, batch.prediction.size(), rows, columns);
  require(batch.weights.empty() || batch.weights.size() == rows, "{}: {} weights for {} rows", name_,
          batch.weights.size(), rows);
  if (takes_ids()) {
    require(batch.target_ids.size() == rows, "{}: {} classes for {} rows (it needs one class a row)", name_,
            batch.target_ids.size(), rows);
  } else {
    require(batch.target.size() == rows * columns, "{}: {} numbers in the target, {} predicted", name_,
            batch.target.size(), batch.prediction.size());
  }
  double sum = 0, weight = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const double w = batch.weights.empty() ? 1 : batch.weights[row];
    require<ValueError>(w >= 0, "{}: weight {} of row {}, must not be negative", name_, w, row);
    if (w == 0) continue;
    const std::int32_t id = takes_ids() ? batch.target_ids[row] : 0;
    require<ValueError>(id >= 0 && id < batch.columns, "{}: class {} in row {}, must be in [0, {})", name_, id, row,
                        batch.columns);
    const Row target = takes_ids() ? Row{} : batch.target.subspan(row * columns, columns);
    sum += w * of_row(batch.prediction.subspan(row * columns, columns), target, id);
    weight += w;
  }
  sum_ += sum;
  weight_ += weight;
}

void Metric::update(Var prediction, Var target, Var weights) {
  const auto row_weights = weights.defined() ? weights.to_doubles() : std::vector<double>{};
  update(prediction.to_array(), target.to_array(), row_weights);
}

void Metric::update(Var prediction, std::span<const std::int32_t> target_ids, std::span<const double> weights) {
  const auto numbers = prediction.to_doubles();
  update({.prediction = numbers,
          .target = {},
          .target_ids = target_ids,
          .weights = weights,
          .rows = prediction.rows(),
          .columns = prediction.cols()});
}

void Metric::update(const Array& prediction, const Array& target, std::span<const double> weights) {
  require(prediction.shape() == target.shape(), "{}: prediction {}, target {}", name_, prediction.shape(),
          target.shape());
  const auto predicted = prediction.to_doubles(), wanted = target.to_doubles();
  update({.prediction = predicted,
          .target = wanted,
          .target_ids = {},
          .weights = weights,
          .rows = prediction.shape().rows(),
          .columns = prediction.shape().cols()});
}

double Metric::result() const { return weight_ > 0 ? sum_ / weight_ : std::numeric_limits<double>::quiet_NaN(); }

void Metric::reset() { sum_ = weight_ = 0; }

std::unique_ptr<Metric> make_metric(std::string_view name) {
  for (const Kind& kind : kinds)
    if (name == kind.name || (!name.empty() && name == kind.alias))
      return std::make_unique<KindMetric>(std::string(name), kind);
  if (const Index k = k_of(name); k > 0) return std::make_unique<TopKAccuracy>(k);
  std::string known;
  for (const std::string& one : metric_names()) known += (known.empty() ? "" : ", ") + one;
  fail<ValueError>("make_metric: no metric {}; there are {}", name, known);
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names{"top_5_accuracy"};
  for (const Kind& kind : kinds) {
    names.emplace_back(kind.name);
    if (*kind.alias) names.emplace_back(kind.alias);
  }
  return names;
}

}  // namespace recur
