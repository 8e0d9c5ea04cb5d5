#include "training_case.h"

#include "model.h"

#include <recur/framework/ops/cross_entropy.h>
#include <recur/layers/losses.h>
#include <recur/optim/config.h>

namespace recur::golden {
namespace {

Var loss_of(const std::string& name, Var output, Var targets) {
  if (name == "mean_squared_error" || name == "mse") return mean_squared_error(output, targets);
  if (name == "mean_absolute_error" || name == "mae") return mean_absolute_error(output, targets);
  if (name == "huber") return huber(output, targets);
  fail<FormatError>("loss: '{}' is not known (known: mean_squared_error, mean_absolute_error, huber)", name);
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
