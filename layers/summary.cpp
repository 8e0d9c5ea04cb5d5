#include <recur/layers/summary.h>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace recur {
namespace {

struct Count {
  Index all = 0;
  Index trainable = 0;
};

template <class Part>
Count count_parameters(Part& part) {
  Count count;
  for (const NamedParameter& p : parameters(part)) {
    count.all += p.parameter->size();
    if (p.parameter->trainable) count.trainable += p.parameter->size();
  }
  return count;
}

}  // namespace

std::string summary(Sequential& model, Shape input) {
  struct Row {
    std::string layer, shape, parameters;
  };
  std::vector<Row> rows = {{"layer (class)", "output shape", "parameters"}};
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const AnyLayer& layer = model.layers()[i];
    input = layer->output_shape(input);
    rows.push_back({fmt::format("{} ({})", model.names()[i], layer->class_name()), to_string(input),
                    std::to_string(count_parameters(layer).all)});
  }
  // Columns as wide as their longest entry.
  Row widths;
  for (const auto column : {&Row::layer, &Row::shape, &Row::parameters})
    for (const Row& row : rows) (widths.*column).resize(std::max((widths.*column).size(), (row.*column).size()), '-');
  const std::string ruler = fmt::format("{0}--{1}--{2}\n", widths.layer, widths.shape, widths.parameters);
  std::string table;
  for (const Row& row : rows) {
    table += fmt::format("{:<{}}  {:<{}}  {:>{}}\n", row.layer, widths.layer.size(), row.shape, widths.shape.size(),
                         row.parameters, widths.parameters.size());
    if (&row == &rows.front() || &row == &rows.back()) table += ruler;
  }
  const Count total = count_parameters(model);
  return table + fmt::format("parameters: {}, of which trainable: {}\n", total.all, total.trainable);
}

}  // namespace recur
