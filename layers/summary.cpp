#include <recur/layers/summary.h>

#include <fmt/format.h>

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
  const std::string ruler(72, '-');
  std::string table = fmt::format("{:<36}{:<24}{:>12}\n{}\n", "layer (class)", "output shape", "parameters", ruler);
  for (std::size_t i = 0; i < model.layers().size(); ++i) {
    const AnyLayer& layer = model.layers()[i];
    input = layer->output_shape(input);
    table += fmt::format("{:<36}{:<24}{:>12}\n", fmt::format("{} ({})", model.names()[i], layer->class_name()),
                         to_string(input), count_parameters(layer).all);
  }
  const Count total = count_parameters(model);
  return table + fmt::format("{}\nparameters: {}, of which trainable: {}\n", ruler, total.all, total.trainable);
}

}  // namespace recur
