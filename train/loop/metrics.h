#pragma once

#include <recur/framework/autodiff/var.h>
#include <recur/framework/tensor/array.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// One batch for a metric, in row-major order. All axes but the last are rows.
struct MetricBatch {
  std::span<const double> prediction;        ///< `[rows, columns]`
  std::span<const double> target;            ///< `[rows, columns]`; empty if targets are classes
  std::span<const std::int32_t> target_ids;  ///< the class of each row; empty if targets are numbers
  std::span<const double> weights;           ///< the weight of each row, 0 if masked; empty: all 1
  Index rows = 0;
  Index columns = 0;
};

/// A metric over many batches: a weighted mean over rows, or a function of that mean.
class Metric {
 public:
  virtual ~Metric() = default;
  /// Adds a batch. Throws ShapeError if target or weights do not fit the prediction, ValueError for a class outside
  /// [0, columns) or a negative weight; the batch is not added then.
  void update(const MetricBatch& batch);
  /// Adds values of a tape. The target has the shape of the prediction; weights have that shape without the last axis.
  void update(Var prediction, Var target, Var weights = {});
  void update(Var prediction, std::span<const std::int32_t> target_ids, std::span<const double> weights = {});
  void update(const Array& prediction, const Array& target, std::span<const double> weights = {});
  /// Returns the metric over all batches since `reset`; NaN before the first batch.
  [[nodiscard]] virtual double result() const;
  void reset();
  /// Returns the weighted sum over rows that `result` is made of, and the sum of weights.
  [[nodiscard]] double sum() const { return sum_; }
  [[nodiscard]] double weight() const { return weight_; }
  /// Takes in rows that another object of this metric has summed up.
  void add(double sum, double weight) {
    sum_ += sum;
    weight_ += weight;
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Returns true if a larger result is better.
  [[nodiscard]] virtual bool larger_is_better() const { return false; }
  /// Returns true if the target is a class for each row.
  [[nodiscard]] virtual bool takes_ids() const { return false; }
  /// Returns true if the prediction must be logits.
  [[nodiscard]] virtual bool takes_logits() const { return false; }

 protected:
  explicit Metric(std::string name) : name_(std::move(name)) {}
  /// Computes the metric of one row.
  [[nodiscard]] virtual double of_row(std::span<const double> prediction, std::span<const double> target,
                                      std::int32_t id) const = 0;

 private:
  std::string name_;
  double sum_ = 0;
  double weight_ = 0;
};

/// The weighted mean of numbers, such as the losses of batches weighted by their samples.
class MeanMetric {
 public:
  explicit MeanMetric(std::string name = "loss") : name_(std::move(name)) {}
  void update(double value, double weight = 1) {
    sum_ += weight * value;
    weight_ += weight;
  }
  /// Returns the mean; NaN before the first update.
  [[nodiscard]] double result() const { return sum_ / weight_; }
  void reset() { sum_ = weight_ = 0; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  double sum_ = 0;
  double weight_ = 0;
};

/// Makes a metric by its name:
///
/// - `binary_accuracy`: fraction of elements for which (prediction > 0), a logit, equals (target > 0.5)
/// - `categorical_accuracy`: fraction of rows whose largest prediction is at the largest target
/// - `sparse_categorical_accuracy`, `accuracy`: fraction of rows whose largest prediction is at the target class
/// - `top_k_accuracy` (`top_5_accuracy` …): fraction of rows whose class is among the k largest predictions
/// - `nll`, `perplexity`, `bits_per_character`: mean negative log likelihood of the class under logits, in nats; its
///   exponential; in bits
/// - `nll_per_frame`: binary cross-entropy of logits, summed over the row, in nats
/// - `mean_absolute_error` (`mae`), `mean_squared_error` (`mse`), `root_mean_squared_error` (`rmse`): over all elements
/// - `label_error`: edit distance divided by labels; a row predicts the distance, its target and weight are the labels
///   (label_error.h)
/// - `mean_absolute_percentage_error` (`mape`): in percent of the target, whose absolute value counts at least 1e-7
///
/// In accuracies, if n predictions tie for m places among the largest, a row counts m/n. A row with a prediction that
/// is NaN counts as wrong. Throws ValueError, with all names, for another name.
[[nodiscard]] std::unique_ptr<Metric> make_metric(std::string_view name);

/// Returns the names that `make_metric` knows; `top_5_accuracy` stands for all k.
[[nodiscard]] std::vector<std::string> metric_names();

}  // namespace recur
