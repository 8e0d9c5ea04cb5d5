#include <recur/layers/cells/simple_rnn_cell.h>

namespace recur {

void SimpleRNNCellOptions::fields(Fields& f) {
  f("activation", activation);
  GateOptions::fields(f);
}

SimpleRNNCell::SimpleRNNCell(Index units, SimpleRNNCellOptions options)
    : options_(std::move(options)), gates_("SimpleRNNCell", units, 1, options_) {}

Step<HiddenState> SimpleRNNCell::call(Var x, State s, const CellContext& context) {
  const Var h = options_.activation(gates_(x, s.h, context), context.output);
  return {h, {h}};
}

}  // namespace recur
