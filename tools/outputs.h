#pragma once

#include <recur/layers/any_layer.h>

#include <string>

#include "settings.h"

namespace recur {
class Registry;
}

namespace recur::tools {

/// Makes the layer that a config describes, of the classes in `registry`; null: those of the library.
[[nodiscard]] AnyLayer layer_of(const Settings::Json& json, const Registry* registry);

/// The loss of a config and its arguments.
struct LossConfig {
  std::string name;              ///< Name of Keras's function.
  int from_logits = -1;          ///< 0 or 1; -1: not given.
  double delta = 1;              ///< Argument of the Huber loss.
  double smoothing = 0;          ///< Smoothing of labels in cross-entropies.
  bool skip_impossible = false;  ///< Argument of ctc: sequences with too few steps for their labels are left out.

  /// Reads a name, or a loss as Keras writes it: `{"class_name": "BinaryCrossentropy", "config": {"from_logits":
  /// true}}`. Throws UsageError if it is unknown or wrong.
  static LossConfig read(Settings& settings);
  [[nodiscard]] bool of_classes() const { return name == "sparse_categorical_crossentropy"; }
  /// Whether the targets are label lists of whole sequences.
  [[nodiscard]] bool of_label_lists() const { return name == "ctc"; }
  [[nodiscard]] bool of_probabilities() const { return name.ends_with("crossentropy"); }
};

/// Converts outputs of a model to logits, values or predictions. If the loss is a cross-entropy, a softmax or sigmoid
/// at the end of the model gives probabilities, as in Keras, and is computed together with the loss. A linear end gives
/// logits, unless the loss has `"from_logits": false`.
class Outputs {
 public:
  Outputs() = default;
  /// Removes an activation that is computed together with the loss from the model. Throws UsageError if from_logits
  /// contradicts the end of the model.
  Outputs(const Settings& settings, AnyLayer& model, LossConfig loss);

  [[nodiscard]] const LossConfig& loss() const { return loss_; }
  /// Returns logits, for cross-entropies and metrics of logits.
  [[nodiscard]] Var logits(Var raw) const;
  /// Returns the output that the config of the model describes, for all other losses and metrics.
  [[nodiscard]] Var values(Var raw) const;
  /// Returns the output for users: probabilities if the loss is a cross-entropy, otherwise the values.
  [[nodiscard]] Var predictions(Var raw) const;
  /// Returns the config of the model, with the removed activation.
  [[nodiscard]] std::string config(AnyLayer& model) const;

 private:
  enum class End { linear, softmax, sigmoid };

  LossConfig loss_;
  End end_ = End::linear;
  bool fused_ = false;          // the model gives what its end is applied to
  bool probabilities_ = false;  // a linear end that gives probabilities
};

}  // namespace recur::tools
