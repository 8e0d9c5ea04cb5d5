#include <recur/train/model/loss_function.h>

#include <recur/framework/ops/ctc_loss.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/layers/losses.h>

#include <fmt/ranges.h>

#include <cmath>
#include <utility>

namespace recur {
namespace {

using Named = std::pair<std::vector<std::string>, LossFunction>;

// Each loss with its names; the first is Keras's function.
std::vector<Named> known_losses() {
  const auto ctc = [](Var logits, const LabelLists& targets, std::span<const Index> lengths) {
    return ctc_loss(logits, {targets.labels, targets.counts}, {.lengths = lengths});
  };
  const auto huber_of_one = [](Var prediction, Var target) { return huber(prediction, target); };
  return {{{"mean_squared_error", "mse", "MSE", "MeanSquaredError"}, mean_squared_error},
          {{"mean_absolute_error", "mae", "MAE", "MeanAbsoluteError"}, mean_absolute_error},
          {{"huber", "huber_loss", "Huber"}, huber_of_one},
          {{"binary_crossentropy", "BinaryCrossentropy"}, binary_cross_entropy},
          {{"categorical_crossentropy", "CategoricalCrossentropy"}, softmax_cross_entropy},
          {{"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"}, sparse_softmax_cross_entropy},
          {{"ctc", "CTC"}, ctc}};
}

}  // namespace

LossFunction::LossFunction(std::string_view name) {
  std::vector<std::string> names;
  for (auto& [aliases, loss] : known_losses()) {
    for (const std::string& alias : aliases)
      if (alias == name) function_ = std::move(loss.function_);
    names.push_back(aliases.front());
  }
  const bool found = std::visit([](const auto& function) { return static_cast<bool>(function); }, function_);
  require<ValueError>(found, "LossFunction: no loss '{}'{}; there are {}", name, did_you_mean(name, names),
                      fmt::join(names, ", "));
}

Var LossFunction::operator()(Var prediction, const Tensor<float>& targets, std::span<const float> weights) const {
  if (of_label_lists()) {
    require<ValueError>(weights.empty(), "LossFunction: a loss of label lists takes lengths, no weights of steps");
    return (*this)(prediction, label_lists(targets), {});
  }
  if (of_classes()) return (*this)(prediction, class_ids(targets.values()), weights);
  const Var wanted = prediction.tape().constant(targets);
  if (const auto* of_rows = std::get_if<OfRows>(&function_))
    return (*of_rows)(prediction, wanted, {.weights = weights});
  require<ValueError>(weights.empty(),
                      "LossFunction: this loss takes no weights, so that padding would count: use a cross-entropy, or "
                      "sequences of equal lengths");
  return std::get<OfNumbers>(function_)(prediction, wanted);
}

Var LossFunction::operator()(Var prediction, std::span<const std::int32_t> targets,
                             std::span<const float> weights) const {
  const auto* of_classes = std::get_if<OfClasses>(&function_);
  require<ValueError>(of_classes != nullptr,
                      "LossFunction: the targets are classes, for which the loss is sparse_categorical_crossentropy");
  return (*of_classes)(prediction, targets, {.weights = weights});
}

Var LossFunction::operator()(Var prediction, const LabelLists& targets, std::span<const Index> lengths) const {
  const auto* of_lists = std::get_if<OfLabelLists>(&function_);
  require<ValueError>(of_lists != nullptr, "LossFunction: the targets are label lists, for which the loss is ctc");
  return (*of_lists)(prediction, targets, lengths);
}

}  // namespace recur
