#pragma once

#include <recur/layers/sequential.h>
#include <recur/train/dataset.h>
#include <recur/train/metrics.h>

#include <optional>

#include "settings.h"

namespace recur::tools {

/// What a config describes besides the training itself: data, model, loss and metrics.
class Task {
 public:
  /// @param dtype of the parameters @throws ValueError with the JSON pointer of what is wrong
  Task(Settings& settings, std::uint64_t seed, DType dtype = DType::float32);

  [[nodiscard]] Var predict(Tape& tape, const Batch& batch);
  [[nodiscard]] Var loss(Tape& tape, const Batch& batch);
  /// The mean loss and the metrics over a data set.
  [[nodiscard]] std::vector<std::pair<std::string, double>> evaluate(Tape& tape, const TensorDataset& data);
  [[nodiscard]] const std::vector<NamedParameter>& parameters() const { return parameters_; }
  [[nodiscard]] AnyLayer& model() { return model_; }
  [[nodiscard]] const TensorDataset& training() const { return *training_; }
  [[nodiscard]] const TensorDataset& validation() const { return *validation_; }
  [[nodiscard]] Index batch() const { return batch_; }

 private:
  [[nodiscard]] LayerValue call(Tape& tape, const Batch& batch);
  void read_data(Settings data);
  void split(Tensor<float> inputs, Tensor<float> targets, double fraction);
  [[nodiscard]] Var penalized(Tape& tape, Var loss, Var activity);
  [[nodiscard]] Var loss_of(Var prediction, const Batch& batch);

  std::optional<TensorDataset> training_, validation_;
  AnyLayer model_;
  std::vector<NamedParameter> parameters_;
  std::string loss_name_;
  std::vector<std::unique_ptr<Metric>> metrics_;
  std::vector<std::int32_t> input_ids_, target_ids_;  // of the batch at hand
  Index batch_ = 32;
  bool ids_ = false;      // the inputs are ids, for an Embedding
  bool classes_ = false;  // the targets are classes
};

}  // namespace recur::tools
