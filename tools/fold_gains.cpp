#include "fold_gains.h"

#include <recur/layers/dense.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace recur::tools {
namespace {

void multiply(Parameter& parameter, double factor) {
  std::vector<double> numbers = parameter.value().to_doubles();
  for (double& x : numbers) x *= factor;
  parameter.edit().assign(numbers);
}

/// Returns true for a layer whose only weights on the input are its kernel.
bool takes_gain(const AnyLayer& layer) {
  constexpr std::array<std::string_view, 5> kinds = {"LSTM", "GRU", "SimpleRNN", "Dense", "Conv1D"};
  return std::ranges::find(kinds, std::string_view(layer->class_name())) != kinds.end();
}

bool is_linear_dense(AnyLayer& layer) {
  return layer->class_name() == Dense::class_name &&
         layer.as<Dense>().config().options.activation == Activation::linear;
}

}  // namespace

void fold_gains(ExportedModel& exported) {
  interop::SignalPath& path = exported.description.path;
  auto& layers = exported.model.layers();
  if (!path.has_gains() || path.skip > 0 || path.scaled() || layers.empty()) return;
  const std::vector<NamedParameter> all = parameters(exported.model);
  if (path.input_gain != 1 && takes_gain(layers.front())) {
    const auto kernel = std::ranges::find_if(all, [](const auto& p) { return p.parameter->name() == "kernel"; });
    multiply(*kernel->parameter, path.input_gain);
    exported.notes.push_back(fmt::format("the input gain of {:g} is in {}", path.input_gain, kernel->path));
    path.input_gain = 1;
  }
  if (path.output_gain != 1 && is_linear_dense(layers.back())) {
    ParameterVisitor visitor;
    layers.back().visit(visitor);
    for (const NamedParameter& own : visitor.take()) multiply(*own.parameter, path.output_gain);
    exported.notes.push_back(
        fmt::format("the output gain of {:g} is in the weights of the last Dense", path.output_gain));
    path.output_gain = 1;
  }
}

}  // namespace recur::tools
