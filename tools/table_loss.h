#pragma once

#include <recur/layers/masked_losses.h>
#include <recur/train/tables/table_windows.h>

#include <string>
#include <vector>

#include "settings.h"

namespace recur::tools {

/// The loss of a config whose data are tables: a name, an object with `class_name` and `config`, or a list of such
/// objects with a `weight` each, whose sum it is.
class TableLoss {
 public:
  TableLoss() = default;
  /// @throws UsageError
  explicit TableLoss(Settings& settings);

  [[nodiscard]] Var operator()(Var prediction, const WindowBatch& batch) const;
  /// Numbers that a model gives for each target.
  [[nodiscard]] Index numbers() const { return numbers_; }
  /// Of the forecasts; empty for a loss that only has a most likely value.
  [[nodiscard]] const std::vector<double>& quantiles() const { return quantiles_; }
  /// Which of a model's numbers for a target is the forecast.
  [[nodiscard]] std::size_t point_index() const;
  /// From a model's numbers for one target, still scaled.
  [[nodiscard]] double point(std::span<const double> numbers) const;
  [[nodiscard]] double quantile(std::span<const double> numbers, std::size_t index) const;

 private:
  struct Term {
    std::string name;
    double weight = 1;
    double delta = 1;
    double freedom = 4;
  };
  void add(Settings& settings, const std::string& key, const Settings::Json& given);
  [[nodiscard]] Var value(const Term& term, Var prediction, const MaskedTargets& target) const;

  std::vector<Term> terms_;
  std::vector<double> quantiles_;
  Index numbers_ = 1;
};

}  // namespace recur::tools
