#include <recur/train/labels/class_scores.h>

#include <recur/framework/tensor/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace recur {
namespace {

double ratio(Index part, Index whole) { return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0; }

/// k of `top_k_accuracy`; 0 for another name.
Index top_of(std::string_view name) {
  constexpr std::string_view begin = "top_", end = "_accuracy";
  if (!name.starts_with(begin) || !name.ends_with(end) || name.size() <= begin.size() + end.size()) return 0;
  const std::string_view number = name.substr(begin.size(), name.size() - begin.size() - end.size());
  Index k = 0;
  const auto [last, error] = std::from_chars(number.data(), number.data() + number.size(), k);
  return error == std::errc() && last == number.data() + number.size() && k > 0 ? k : 0;
}

/// Mean of a number over the examples whose class is known.
template <class F>
double mean_over(const ClassDecisions& decisions, F number) {
  double sum = 0, count = 0;
  for (Index i = 0; i < decisions.size(); ++i) {
    const std::int32_t target = decisions.targets[static_cast<std::size_t>(i)];
    if (target < 0) continue;
    sum += number(decisions.of(i), static_cast<std::size_t>(target));
    ++count;
  }
  return sum / count;
}

double mean_area(const ClassDecisions& decisions) {
  double sum = 0, count = 0;
  for (Index c = 0; c < decisions.classes; ++c) {
    std::vector<double> scores;
    std::vector<bool> positive;
    for (Index i = 0; i < decisions.size(); ++i) {
      if (decisions.targets[static_cast<std::size_t>(i)] < 0) continue;
      scores.push_back(decisions.of(i)[static_cast<std::size_t>(c)]);
      positive.push_back(decisions.targets[static_cast<std::size_t>(i)] == c);
    }
    const double area = area_under_curve(scores, positive);
    if (std::isnan(area)) continue;
    sum += area;
    ++count;
  }
  return sum / count;
}

}  // namespace

void ConfusionMatrix::add(std::int32_t target, std::int32_t predicted) {
  require<ValueError>(target >= 0 && target < classes_ && predicted >= 0 && predicted < classes_,
                      "ConfusionMatrix::add: class {} taken for {}, of {} classes", target, predicted, classes_);
  ++counts_[static_cast<std::size_t>(target * classes_ + predicted)];
}

Index ConfusionMatrix::targets(Index of) const {
  Index sum = 0;
  for (Index c = 0; c < classes_; ++c) sum += count(of, c);
  return sum;
}

Index ConfusionMatrix::predictions(Index of) const {
  Index sum = 0;
  for (Index c = 0; c < classes_; ++c) sum += count(c, of);
  return sum;
}

double ConfusionMatrix::precision(Index of) const { return ratio(count(of, of), predictions(of)); }
double ConfusionMatrix::recall(Index of) const { return ratio(count(of, of), targets(of)); }
double ConfusionMatrix::f1(Index of) const { return ratio(2 * count(of, of), targets(of) + predictions(of)); }

double ConfusionMatrix::accuracy() const {
  const Index all = std::accumulate(counts_.begin(), counts_.end(), Index{0});
  Index right = 0;
  for (Index c = 0; c < classes_; ++c) right += count(c, c);
  return all > 0 ? ratio(right, all) : std::nan("");
}

double ConfusionMatrix::macro_f1() const {
  double sum = 0, there = 0;
  for (Index c = 0; c < classes_; ++c) {
    if (targets(c) + predictions(c) == 0) continue;
    sum += f1(c);
    ++there;
  }
  return sum / there;
}

double ConfusionMatrix::balanced_accuracy() const {
  double sum = 0, there = 0;
  for (Index c = 0; c < classes_; ++c) {
    if (targets(c) == 0) continue;
    sum += recall(c);
    ++there;
  }
  return sum / there;
}

std::string ConfusionMatrix::text(std::span<const std::string> names) const {
  std::size_t width = 6;
  for (const std::string& name : names) width = std::max(width, name.size());
  std::string page = fmt::format("{:<{}}", "", width);
  for (const std::string& name : names) page += fmt::format("  {:>{}}", name, width);
  page += fmt::format("  {:>9}  {:>6}  {:>6}\n", "precision", "recall", "F1");
  for (Index row = 0; row < classes_; ++row) {
    page += fmt::format("{:<{}}", names[static_cast<std::size_t>(row)], width);
    for (Index c = 0; c < classes_; ++c) page += fmt::format("  {:>{}}", count(row, c), width);
    page += fmt::format("  {:>9.3f}  {:>6.3f}  {:>6.3f}\n", precision(row), recall(row), f1(row));
  }
  return page;
}

double area_under_curve(std::span<const double> scores, const std::vector<bool>& positive) {
  require(scores.size() == positive.size(), "area_under_curve: {} scores for {} examples", scores.size(),
          positive.size());
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return scores[i]; });
  // Sum of the ranks of positives (Mann & Whitney 1947); equal scores share the mean of their ranks.
  double ranks = 0, positives = 0;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && scores[order[last]] == scores[order[first]]) ++last;
    const double rank = (static_cast<double>(first) + static_cast<double>(last) + 1) / 2;
    for (; first < last; ++first) {
      if (!positive[order[first]]) continue;
      ranks += rank;
      ++positives;
    }
  }
  const double negatives = static_cast<double>(scores.size()) - positives;
  if (positives == 0 || negatives == 0) return std::nan("");
  return (ranks - positives * (positives + 1) / 2) / (positives * negatives);
}

std::int32_t ClassDecisions::best(Index example) const {
  const auto own = of(example);
  return static_cast<std::int32_t>(std::ranges::max_element(own) - own.begin());
}

ConfusionMatrix ClassDecisions::confusion() const {
  ConfusionMatrix matrix(classes);
  for (Index i = 0; i < size(); ++i)
    if (targets[static_cast<std::size_t>(i)] >= 0) matrix.add(targets[static_cast<std::size_t>(i)], best(i));
  return matrix;
}

double class_score(std::string_view name, const ClassDecisions& decisions) {
  if (name == "accuracy") return decisions.confusion().accuracy();
  if (name == "balanced_accuracy") return decisions.confusion().balanced_accuracy();
  if (name == "f1") return decisions.confusion().macro_f1();
  if (name == "auc") return mean_area(decisions);
  if (name == "nll") {  // a probability of 0 has no logarithm
    return mean_over(decisions, [](auto own, std::size_t target) { return -std::log(std::max(own[target], 1e-12)); });
  }
  if (const Index k = top_of(name); k > 0)
    return mean_over(decisions, [k](auto own, std::size_t target) {
      const auto larger = std::ranges::count_if(own, [&](double p) { return p > own[target]; });
      return larger < k ? 1.0 : 0.0;
    });
  fail<ValueError>("class_score: there is no score '{}'; there are {}", name, fmt::join(class_score_names(), ", "));
}

const std::vector<std::string>& class_score_names() {
  static const std::vector<std::string> names = {"accuracy", "balanced_accuracy", "f1", "auc", "top_2_accuracy", "nll"};
  return names;
}

bool is_class_score(std::string_view name) {
  return std::ranges::find(class_score_names(), name) != class_score_names().end() || top_of(name) > 0;
}

}  // namespace recur
