#include "training_step.h"

#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/sequential.h>
#include <recur/layers/torch/torch_rnn.h>
#include <recur/train/callbacks/finite_guard.h>

#include <limits>
#include <sstream>
#include <string>
#include <utility>

using namespace recur;
using namespace recur::test;

namespace {

using Forward = std::function<Var(Tape&, Var)>;

// Accepts an error with these words in which the number of the operation is at most that of all.
auto places(std::string words) {
  return [words = std::move(words)](const StateError& error) {
    const std::string what = error.what();
    const auto at = what.find("(operation ");
    if (at == std::string::npos || what.find(words) == std::string::npos) return false;
    std::istringstream text(what.substr(at + 11));
    Index position = 0, count = 0;
    std::string of;
    text >> position >> of >> count;
    BOOST_TEST((position >= 1 && position <= count), what);
    return true;
  };
}

// A guard speaks, and the same model on the same tape then trains as if nothing had happened.
void check_guards(const std::string& what, const std::vector<NamedParameter>& learned, const Forward& forward) {
  const Tensor<double> good = random_tensor({3, 6, cell_features}, 3);
  Tensor<double> bad = good.clone();
  bad(1, 2, 0) = std::numeric_limits<double>::quiet_NaN();
  const auto clear = [&](Tape& tape) {
    tape.reset();
    tape.generator() = Generator(7);
    for (const NamedParameter& p : learned) p.parameter->zero_gradient();
  };
  const auto gradients = [&](Tape& tape) {
    clear(tape);
    tape.backward(sum(square(forward(tape, tape.constant(good)))));
    std::vector<double> all;
    for (const NamedParameter& p : learned) append(all, p.parameter->gradient.to_doubles());
    return all;
  };
  Tape tape(DType::float64, 7);
  const std::vector<double> before = gradients(tape);

  clear(tape);
  const Var loss = sum(square(forward(tape, tape.constant(bad))));
  BOOST_CHECK_EXCEPTION(refuse_non_finite("here", tape, loss, learned), StateError,
                        places("first operation with such a result"));
  BOOST_TEST(largest_error(gradients(tape), before) <= rounding, what << ": after a loss that is not finite");

  clear(tape);
  const Var flat = sqrt(sum(square(forward(tape, tape.constant(good)))) * 0.0);  // its slope is not finite
  BOOST_TEST(flat.item() == 0.0);
  tape.backward(flat);
  BOOST_CHECK_EXCEPTION(require_finite_gradients("here", tape, flat, learned), StateError,
                        places("the loss is 0, but the gradient of parameter"));
  BOOST_TEST(largest_error(gradients(tape), before) <= rounding, what << ": after a gradient that is not finite");
}

void check_rnn(const std::string& what, AnyCell cell, const Case& c) {
  RNN rnn(std::move(cell), c.options);
  build(rnn, cell_features);
  check_guards(what, parameters(rnn), [&](Tape& tape, Var x) {
    RNNCall call{.lengths = c.lengths};
    std::vector<Var> constants;
    if (rnn.cell()->takes_constants()) constants = {tape.constant(random_tensor({3, memory_time, memory_size}, 5))};
    call.constants = constants;
    if (c.mask) {
      Tensor<double> mask({3, 6});
      mask.fill(1);
      mask(0, 5) = mask(2, 0) = 0;
      call.mask = tape.constant(mask);
    }
    return rnn(x, call);
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(non_finite_in_recurrent_layers)

BOOST_AUTO_TEST_CASE(every_cell_in_every_way_names_the_place_and_trains_on) {
  const std::vector<std::pair<std::string, Case>> ways = {
      {"last output", {.options = {}}},
      {"sequences", {.options = {.return_sequences = true}}},
      {"mask", {.options = {}, .mask = true}},
      {"lengths", {.options = {}, .lengths = {6, 4, 5}}},
      {"backwards", {.options = {.return_sequences = true, .go_backwards = true}}},
      {"checkpointed", {.options = {.checkpoint = Checkpointing::steps(2)}}},
      {"checkpointed sequences", {.options = {.return_sequences = true, .checkpoint = Checkpointing::automatic()}}},
  };
  for (const auto& [way, c] : ways)
    for (NamedCell& cell : all_cells()) check_rnn(cell.name + ", " + way, std::move(cell.cell), c);
}

BOOST_AUTO_TEST_CASE(wrappers_name_the_place_and_train_on) {
  for (const bool sequences : {false, true}) {
    Bidirectional both([] { return LSTMCell(3); }, {.return_sequences = sequences});
    build(both, cell_features);
    check_guards("Bidirectional", parameters(both), [&](Tape&, Var x) { return both(x); });
  }
  Sequential stack{RNN(AnyCell(LSTMCell(4)), {.return_sequences = true}), RNN(AnyCell(LSTMCell(3))), Dense(2)};
  build(stack, cell_features);
  check_guards("Sequential", parameters(stack), [&](Tape&, Var x) { return stack(x); });
  TorchLSTM torch({.input_size = cell_features, .hidden_size = 4, .num_layers = 2, .batch_first = true});
  build(torch, cell_features);
  check_guards("TorchLSTM", parameters(torch), [&](Tape&, Var x) { return torch.call(x).output; });
}

// Zeros in, a recurrent kernel far too large: the loss is finite and the gradient overflows on its way back, with
// checkpoints within a step that is computed again.
BOOST_AUTO_TEST_CASE(a_gradient_that_overflows_inside_an_lstm_is_told) {
  for (const Checkpointing& checkpoint : {Checkpointing{}, Checkpointing::steps(5), Checkpointing::automatic()}) {
    RNN rnn(AnyCell(LSTMCell(4)), {.checkpoint = checkpoint});
    Builder builder(2, DType::float32, Generator(1));
    rnn.build(builder);
    const auto learned = parameters(rnn);
    for (const NamedParameter& p : learned)
      if (p.path.ends_with("recurrent_kernel")) p.parameter->edit().fill(3000);
    Tape tape;
    const Var loss = sum(square(rnn(tape.constant(Tensor<float>(Shape{2, 40, 2}))) - 0.3));
    BOOST_TEST(std::isfinite(loss.item()));
    tape.backward(loss);
    BOOST_CHECK_EXCEPTION(require_finite_gradients("here", tape, loss, learned), StateError,
                          places("but the gradient of parameter"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
