// Truncated backpropagation over the steps of a table's windows, with states carried.

#include <recur/layers/recurrent/rnn.h>

#include "table_task.h"

namespace recur::tools {
namespace {

// Refuses layers that need later steps, or steps before that they cannot carry.
void refuse_truncation(AnyLayer& model) {
  for (AnyLayer* layer : sequence_layers(model)) {
    const bool inner = !(*layer)->parts().empty();
    require<ValueError>(inner || !(*layer)->looks_ahead(),
                        "its {} looks at later steps, which \"truncate\" leaves out; leave one of them out",
                        (*layer)->class_name());
    require<ValueError>(inner || !(*layer)->takes_states() || (*layer)->rnn() != nullptr,
                        "its {} carries no states from steps to steps; leave out it or \"truncate\"",
                        (*layer)->class_name());
  }
  require<ValueError>(!model->looks_ahead(), "it looks at later steps, which \"truncate\" leaves out");
}

}  // namespace

void TableTask::carry_states() {
  refuse_truncation(model_);
  for (RNN* rnn : recurrent_layers(model_)) {
    RNNOptions own = rnn->options();
    own.stateful = true;
    rnn->set_options(own);
  }
}

std::vector<RNN*> TableTask::carrying() {
  return settings_.truncate > 0 ? recurrent_layers(model_) : std::vector<RNN*>();
}

// States become zeros, for windows of any number.
void TableTask::forget() {
  for (RNN* rnn : carrying()) rnn->set_options(rnn->options());
}

Var TableTask::loss(Tape& tape, const TableSteps& batch, double& count) {
  if (batch.begins) forget();
  if (batch.warm_up.size() > 0) {
    const NoGradient unlearned(tape);
    (void)output(tape, batch.warm_up);
  }
  return loss_of(output(tape, batch.inputs), batch, count);
}

}  // namespace recur::tools
