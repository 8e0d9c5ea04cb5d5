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

/// One batch as a metric sees it: numbers row by row, all axes but the last folded into rows.
struct MetricBatch {
  std::span<const double> prediction;        ///< `[rows, columns]`
  std::span<const double> target;            ///< the same, or empty
  std::span<const std::int32_t> target_ids;  ///< one class a row, where the target is classes; else empty
  std::span<const double> weights;           ///< one a row, 0 where masked; empty: all 1
  Index rows = 0;
  Index columns = 0;
};

/// Something measured over many batches: a weighted mean over rows, or a function of it.
class Metric {
 public:
  virtual ~Metric() = default;
  /// Takes a batch in. @throws ShapeError when target or weights do not fit the prediction, ValueError for a class that
  /// is none or a negative weight; nothing has been taken in then.
  void update(const MetricBatch& batch);
  /// Of values on a tape. @param target of the prediction's shape @param weights of that shape without its last axis
  void update(Var prediction, Var target, Var weights = {});
  void update(Var prediction, std::span<const std::int32_t> target_ids, std::span<const double> weights = {});
  void update(const Array& prediction, const Array& target, std::span<const double> weights = {});
  /// Of all batches since `reset`; NaN before the first.
  [[nodiscard]] virtual double result() const;
  void reset();
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Whether larger is better.
  [[nodiscard]] virtual bool larger_is_better() const { return false; }
  /// Whether the target is a class a row rather than numbers.
  [[nodiscard]] virtual bool takes_ids() const { return false; }
  /// Whether the prediction must be logits, not probabilities.
  [[nodiscard]] virtual bool takes_logits() const { return false; }

 protected:
  explicit Metric(std::string name) : name_(std::move(name)) {}
  /// The number of one row.
  [[nodiscard]] virtual double of_row(std::span<const double> prediction, std::span<const double> target,
                                      std::int32_t id) const = 0;

 private:
  std::string name_;
  double sum_ = 0;
  double weight_ = 0;
};

/// The mean of numbers that are computed already, such as the loss of each batch, weighted by its samples.
class MeanMetric {
 public:
  explicit MeanMetric(std::string name = "loss") : name_(std::move(name)) {}
  void update(double value, double weight = 1) {
    sum_ += weight * value;
    weight_ += weight;
  }
  /// NaN before the first update.
  [[nodiscard]] double result() const { return sum_ / weight_; }
  void reset() { sum_ = weight_ = 0; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  double sum_ = 0;
  double weight_ = 0;
};

/// `binary_accuracy`: part of elements where prediction > 0 (a logit) agrees with target > 0.5.
/// `categorical_accuracy`: rows whose largest prediction is where the target's is; `sparse_categorical_accuracy` and
/// `accuracy`: where the class says. `top_k_accuracy` (`top_5_accuracy` …): rows whose class is among the k largest
/// predictions. Where n predictions tie for m of these places, a row counts m/n, as on average if the model drew among
/// them. A prediction that is NaN agrees with nothing, and no row with one is right.
/// `nll`, `perplexity`, `bits_per_character`: mean negative log likelihood of the class under logits, its exponential,
/// and in bits. `nll_per_frame`: sum over the row of the binary cross-entropy of logits. `mean_absolute_error` (`mae`),
/// `mean_squared_error` (`mse`), `root_mean_squared_error` (`rmse`), `mean_absolute_percentage_error` (`mape`, in
/// percent of the target, at least 1e-7): over all elements. @throws ValueError for another name, listing these.
[[nodiscard]] std::unique_ptr<Metric> make_metric(std::string_view name);

/// All names that `make_metric` knows, with `top_5_accuracy` for its kind.
[[nodiscard]] std::vector<std::string> metric_names();

}  // namespace recur
