#pragma once

#include <recur/layers/any_layer.h>

#include <string>

#include "settings.h"

namespace recur {
class Registry;
}

namespace recur::tools {

/// The layer that a config describes. @param registry its classes; null: the library's
[[nodiscard]] AnyLayer layer_of(const Settings::Json& json, const Registry* registry);

/// The loss a config names, and what Keras lets it say beside.
struct LossConfig {
  std::string name;              ///< As Keras's function.
  int from_logits = -1;          ///< 0 or 1; -1: not said.
  double delta = 1;              ///< Of the Huber loss.
  double smoothing = 0;          ///< Of labels, in cross-entropies.
  bool skip_impossible = false;  ///< Of ctc: sequences with too few steps for their labels are left out.

  /// A name, or as Keras writes a loss: `{"class_name": "BinaryCrossentropy", "config": {"from_logits": true}}`.
  /// @throws UsageError
  static LossConfig read(Settings& settings);
  [[nodiscard]] bool of_classes() const { return name == "sparse_categorical_crossentropy"; }
  /// Whether the targets are label lists of whole sequences.
  [[nodiscard]] bool of_label_lists() const { return name == "ctc"; }
  [[nodiscard]] bool of_probabilities() const { return name.ends_with("crossentropy"); }
};

/// What the last layer of a model gives, in the forms that losses, metrics and users want. With a cross-entropy, a
/// softmax or sigmoid at the end means probabilities, as in Keras, and is computed together with the loss; a linear end
/// means logits unless `"from_logits": false` says otherwise.
class Outputs {
 public:
  Outputs() = default;
  /// Takes the activation that is computed together with the loss out of the model. @throws UsageError where
  /// from_logits contradicts the model's end.
  Outputs(const Settings& settings, AnyLayer& model, LossConfig loss);

  [[nodiscard]] const LossConfig& loss() const { return loss_; }
  /// What a cross-entropy and metrics of logits take.
  [[nodiscard]] Var logits(Var raw) const;
  /// What the model says by its config, which other losses and metrics take.
  [[nodiscard]] Var values(Var raw) const;
  /// What is told to a user: probabilities where the loss is a cross-entropy, otherwise the values.
  [[nodiscard]] Var predictions(Var raw) const;
  /// The model's config, its last activation in its place.
  [[nodiscard]] std::string config(AnyLayer& model) const;

 private:
  enum class End { linear, softmax, sigmoid };

  LossConfig loss_;
  End end_ = End::linear;
  bool fused_ = false;          // the model gives what its end is applied to
  bool probabilities_ = false;  // a linear end that gives probabilities
};

}  // namespace recur::tools
