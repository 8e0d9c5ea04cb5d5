#pragma once

#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/tensor/tensor.h>
#include <recur/train/data/label_lists.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace recur {

/// A loss by its Keras name, `"mse"`, or as a function of prediction and targets: `mean_squared_error`, a lambda.
///
/// Names: `mean_squared_error` (`mse`), `mean_absolute_error` (`mae`), `huber`, and of logits `binary_crossentropy`,
/// `categorical_crossentropy`, `sparse_categorical_crossentropy`, `ctc`; Keras's class names (`MeanSquaredError`) too.
/// The targets of `ctc` are label lists of whole sequences, `[batch, most labels]`, padded with zeros
/// (`pad_label_lists`): labels count from 1, class 0 is the blank.
class LossFunction {
 public:
  using OfNumbers = std::function<Var(Var prediction, Var targets)>;
  using OfRows = std::function<Var(Var logits, Var targets, const CrossEntropyOptions& options)>;
  using OfClasses =
      std::function<Var(Var logits, std::span<const std::int32_t> targets, const CrossEntropyOptions& options)>;
  /// @param lengths steps of each sequence; empty for all
  using OfLabelLists = std::function<Var(Var logits, const LabelLists& targets, std::span<const Index> lengths)>;

  // NOLINTBEGIN(google-explicit-constructor): a name and a function are losses.
  /// @throws ValueError for a name that is not known, with the nearest one.
  LossFunction(std::string_view name);
  LossFunction(const char* name) : LossFunction(std::string_view(name)) {}
  /// Of numbers; takes no weights.
  template <class F>
    requires(std::is_invocable_r_v<Var, F&, Var, Var>)
  LossFunction(F function) : function_(OfNumbers(std::move(function))) {}
  /// With a weight for each row, 0 for padding.
  template <class F>
    requires(std::is_invocable_r_v<Var, F&, Var, Var, const CrossEntropyOptions&> &&
             !std::is_invocable_r_v<Var, F&, Var, Var>)
  LossFunction(F function) : function_(OfRows(std::move(function))) {}
  /// Of classes.
  template <class F>
    requires(std::is_invocable_r_v<Var, F&, Var, std::span<const std::int32_t>, const CrossEntropyOptions&>)
  LossFunction(F function) : function_(OfClasses(std::move(function))) {}
  /// Of label lists.
  template <class F>
    requires(std::is_invocable_r_v<Var, F&, Var, const LabelLists&, std::span<const Index>>)
  LossFunction(F function) : function_(OfLabelLists(std::move(function))) {}
  // NOLINTEND(google-explicit-constructor)

  /// Whether the targets are classes, one a row of the prediction.
  [[nodiscard]] bool of_classes() const { return std::holds_alternative<OfClasses>(function_); }
  /// Whether the targets are label lists of whole sequences.
  [[nodiscard]] bool of_label_lists() const { return std::holds_alternative<OfLabelLists>(function_); }
  /// The loss, for targets as numbers or as whole numbers that name classes. @param weights one a row of the
  /// prediction, 0 for padding; empty for all 1. @throws ValueError for targets that are no classes, and for weights if
  /// the loss takes none.
  [[nodiscard]] Var operator()(Var prediction, const Tensor<float>& targets, std::span<const float> weights = {}) const;
  /// The loss for classes. @throws ValueError if the loss is one of numbers.
  [[nodiscard]] Var operator()(Var prediction, std::span<const std::int32_t> targets,
                               std::span<const float> weights = {}) const;
  /// The loss for label lists. @param lengths steps of each sequence; empty for all @throws ValueError if the loss is
  /// another one.
  [[nodiscard]] Var operator()(Var prediction, const LabelLists& targets, std::span<const Index> lengths) const;

 private:
  std::variant<OfNumbers, OfRows, OfClasses, OfLabelLists> function_;
};

}  // namespace recur
