#include "table_loss.h"

#include <recur/layers/losses.h>
#include <recur/train/tables/distributions.h>

#include <algorithm>
#include <cmath>

namespace recur::tools {
namespace {

const std::vector<std::string> loss_names = {
    "mean_squared_error", "mean_absolute_error", "huber", "nse", "kge", "quantile", "gaussian", "student_t"};

std::vector<double> read_quantiles(Settings& config) {
  std::vector<double> quantiles = {0.1, 0.5, 0.9};
  if (config.asks("quantiles"))
    config.about("quantiles", [&] { quantiles = config.value("quantiles").get<std::vector<double>>(); });
  std::ranges::sort(quantiles);
  for (const double q : quantiles)
    if (!(q > 0 && q < 1)) config.refuse("quantiles", fmt::format("between 0 and 1 is expected, got {}", q));
  if (quantiles.empty()) config.refuse("quantiles", "a list of numbers is expected");
  return quantiles;
}

}  // namespace

TableLoss::TableLoss(Settings& settings) {
  const Settings::Json given = settings.value("loss");
  if (!given.is_array()) add(settings, "loss", given);
  else
    for (std::size_t i = 0; i < given.size(); ++i) add(settings, fmt::format("loss/{}", i), given[i]);
  if (terms_.empty()) settings.refuse("loss", "a loss is expected");
}

void TableLoss::add(Settings& settings, const std::string& key, const Settings::Json& given) {
  Settings one = settings.nested(given.is_string() ? Settings::Json{{"class_name", given}} : given, key);
  Term term{.name = one.text("class_name")};
  if (std::ranges::find(loss_names, term.name) == loss_names.end())
    settings.refuse_name(given.is_string() ? key : key + "/class_name", term.name, loss_names);
  term.weight = one.number("weight", 1);
  Settings config = one.asks("config") ? one.object("config") : one.nested(Settings::Json::object(), "config");
  if (term.name == "huber") term.delta = config.number("delta", 1);
  if (term.name == "student_t") term.freedom = config.number("freedom", 4);
  if (!(term.delta > 0)) config.refuse("delta", "must be above 0");
  if (!(term.freedom >= 1)) config.refuse("freedom", "must be at least 1");
  Index numbers = 1;
  std::vector<double> quantiles;
  if (term.name == "quantile" || term.name == "gaussian" || term.name == "student_t") {
    quantiles = read_quantiles(config);
    numbers = term.name == "quantile" ? static_cast<Index>(quantiles.size()) : 2;
  }
  config.finish();
  one.finish();
  if (!terms_.empty() && (numbers != numbers_ || !quantiles.empty()))
    settings.refuse(key, "losses of quantiles and distributions stand alone");
  numbers_ = numbers;
  quantiles_ = std::move(quantiles);
  terms_.push_back(std::move(term));
}

Var TableLoss::value(const Term& term, Var prediction, const MaskedTargets& target) const {
  if (term.name == "mean_absolute_error") return masked_absolute_error(prediction, target);
  if (term.name == "huber") return masked_huber(prediction, target, term.delta);
  if (term.name == "kge") return kling_gupta_loss(prediction, target);
  if (term.name == "quantile") return quantile_loss(prediction, target, quantiles_);
  if (term.name == "gaussian") return gaussian_loss(prediction, target);
  if (term.name == "student_t") return student_t_loss(prediction, target, term.freedom);
  return masked_squared_error(prediction, target);  // of nse with the weights of basins
}

Var TableLoss::operator()(Var prediction, const WindowBatch& batch) const {
  Var total;
  for (const Term& term : terms_) {
    std::vector<float> weights = batch.sample_weights;
    if (term.name == "nse" && weights.empty()) weights = batch.weights;
    else if (term.name == "nse")
      for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= batch.weights[i];
    const MaskedTargets masked = masked_targets(prediction.tape(), batch.targets, weights);
    add_loss(total, value(term, prediction, masked), term.weight);
  }
  return total;
}

std::size_t TableLoss::point_index() const {
  if (terms_[0].name != "quantile") return 0;
  const auto nearest = std::ranges::min_element(quantiles_, {}, [](double q) { return std::abs(q - 0.5); });
  return static_cast<std::size_t>(nearest - quantiles_.begin());
}

double TableLoss::point(std::span<const double> numbers) const { return numbers[point_index()]; }

double TableLoss::quantile(std::span<const double> numbers, std::size_t index) const {
  if (terms_[0].name == "quantile") {
    // Nothing keeps the quantiles of a model from crossing.
    std::vector<double> sorted(numbers.begin(), numbers.end());
    std::ranges::sort(sorted);
    return sorted[index];
  }
  const double deviation = std::log1p(std::exp(-std::abs(numbers[1]))) + std::max(numbers[1], 0.0) + 1e-3;
  const double q = quantiles_[index];
  const double z = terms_[0].name == "gaussian" ? normal_quantile(q) : student_t_quantile(q, terms_[0].freedom);
  return numbers[0] + z * deviation;
}

}  // namespace recur::tools
