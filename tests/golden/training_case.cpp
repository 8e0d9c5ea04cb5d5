#include "training_case.h"

#include "model.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/layers/losses.h>
#include <recur/optim/config.h>

#include <map>

namespace recur::golden {
namespace {

// Keras's cross-entropies of probabilities, which is what its losses expect by default (the library's own take logits).
Var categorical_crossentropy(Var output, Var targets) { return mean(-sum(targets * log(output), -1)); }
Var binary_crossentropy(Var output, Var targets) {
  return mean(-(targets * log(output) + (1.0 - targets) * log(1.0 - output)));
}

Var loss_of(const std::string& name, Var output, Var targets) {
  const std::map<std::string, Var (*)(Var, Var)> known = {
      {"mean_squared_error", mean_squared_error},          {"mse", mean_squared_error},
      {"mean_absolute_error", mean_absolute_error},        {"mae", mean_absolute_error},
      {"huber", [](Var y, Var t) { return huber(y, t); }}, {"categorical_crossentropy", categorical_crossentropy},
      {"binary_crossentropy", binary_crossentropy},
  };
  const auto found = known.find(name);
  if (found != known.end()) return found->second(output, targets);
  std::string names;
  for (const auto& [other, loss] : known) names += (names.empty() ? "" : ", ") + other;
  fail<FormatError>("loss: '{}' is not known (known: {})", name, names);
}

}  // namespace

CaseResult run_training_case(const Json& file, DType dtype) {
  check_keys(file,
             {"name", "note", "verified_by", "kind", "model", "dims", "loss", "optimizer", "weights", "inputs",
              "targets", "expected", "tolerance"},
             "case");
  const NamedValues inputs = read_values(get(file, "inputs", "case"), "inputs");
  const NamedValues targets = read_values(get(file, "targets", "case"), "targets");
  Model model(get(file, "model", "case"), inputs.shape.cols(), dtype,
              read_list(get(file, "weights", "case"), "weights"));
  const Json& config = get(file, "optimizer", "case");
  optim::Optimizer optimizer =
      optim::from_config(get(config, "class_name", "optimizer").get<std::string>(), get(config, "config", "optimizer"));
  Comparison comparison(file, dtype);
  Tape tape(dtype);
  tape.set_training(false);
  Index step = 0;
  for (const Json& expected : get(file, "expected", "case")) {
    const std::string at = fmt::format("step {}: ", ++step);
    LayerValue input;
    input.value = tape.constant(inputs.array(dtype));
    const Var loss = loss_of(get(file, "loss", "case").get<std::string>(), model.call(input).value,
                             tape.constant(targets.array(dtype)));
    comparison.check(at + "loss", loss.item(), get(expected, "loss_before", at).get<double>());
    model.zero_gradients();
    tape.backward(loss);
    tape.reset();
    optimizer.step(model.parameters());
    const auto wanted = read_list(get(expected, "weights", at), at + "weights");
    const auto own = model.weights(false);
    require<FormatError>(wanted.size() == own.size(), "{}{} weights expected, the model has {}", at, wanted.size(),
                         own.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
      require<FormatError>(own[i].name == wanted[i].name, "{}weight '{}' where '{}' is expected", at, own[i].name,
                           wanted[i].name);
      comparison.check(at + own[i].name, own[i].shape, own[i].values, wanted[i]);
    }
  }
  return comparison.result();
}

}  // namespace recur::golden
