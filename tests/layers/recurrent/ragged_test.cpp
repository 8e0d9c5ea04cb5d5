#include "every_cell.h"
#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/cells/simple_rnn_cell.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/ragged.h>

#include <fmt/ranges.h>

using namespace recur;
using namespace recur::test;

namespace {

// What a batch with lengths teaches must be the sum of what its sequences teach one by one.
class OneByOne {
 public:
  explicit OneByOne(std::vector<Index> lengths)
      : lengths_(std::move(lengths)),
        batch_(static_cast<Index>(lengths_.size())),
        time_(*std::max_element(lengths_.begin(), lengths_.end()) + 1) {}  // a step that is padding for all

  // `cells`: those of the layer, for their states, dropout masks and constants.
  template <class Layer>
  void check(const std::string& what, Layer& layer, const std::vector<CellInterface*>& cells) const {
    Gradients together;
    learn(layer, cells, 0, batch_, together);
    Gradients alone;
    for (Index b = 0; b < batch_; ++b) learn(layer, cells, b, 1, alone);
    BOOST_TEST(alone.largest > 0.1, what << ": nothing was learned");
    BOOST_TEST(alone.loss == together.loss, boost::test_tools::tolerance(1e-11));
    BOOST_TEST(largest_error(together.operands, alone.operands) <= 1e-12, what << ": operands");
    BOOST_TEST(largest_error(together.parameters, alone.parameters) <= 1e-12, what << ": parameters");
  }

 private:
  struct Gradients {
    double loss = 0;
    double largest = 0;
    std::vector<double> operands;  // of input, initial states and constants, for the whole batch
    std::vector<double> parameters;
  };

  static void add(std::vector<double>& sum, const std::vector<double>& terms) {
    sum.resize(std::max(sum.size(), terms.size()));
    std::transform(terms.begin(), terms.end(), sum.begin(), sum.begin(), std::plus<>());
  }

  static double largest_error(const std::vector<double>& found, const std::vector<double>& expected) {
    BOOST_REQUIRE(found.size() == expected.size());
    double largest = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      largest = std::max(largest, std::abs(found[i] - expected[i]) / std::max(1.0, std::abs(expected[i])));
    return largest;
  }

  // Sequences [first, first + count): with lengths the whole batch, without them one sequence cut to its length. Every
  // number of outputs and states has a weight of its own in the loss, those of padding too.
  template <class Layer>
  void learn(Layer& layer, const std::vector<CellInterface*>& cells, Index first, Index count,
             Gradients& sum_of) const {
    const bool together = count == batch_;
    const Index time = together ? time_ : lengths_[static_cast<std::size_t>(first)];
    for (const NamedParameter& p : parameters(layer)) p.parameter->zero_gradient();
    Tape tape(DType::float64, 7);
    tape.set_training(false);  // so that no cell draws at its steps; the dropout masks given are used all the same
    std::vector<Var> given = {tape.input(random_tensor({batch_, time_, cell_features}, 3))};
    const auto part = [&](Var whole) { return slice(whole, 0, first, count); };
    LayerValue input;
    input.value = slice(part(given[0]), 1, 0, time);
    if (together) input.lengths = lengths_;
    std::vector<Var> states, masks, constants;
    for (CellInterface* const cell : cells) {
      for (const Index size : cell->state_size().flat()) {
        given.push_back(tape.input(random_tensor({batch_, size}, 4)));
        states.push_back(part(given.back()));
      }
      std::vector<Var> drawn(static_cast<std::size_t>(cell->mask_count()));
      cell->draw_masks(tape, batch_, drawn);
      std::transform(drawn.begin(), drawn.end(), std::back_inserter(masks), part);
    }
    if (cells[0]->takes_constants()) {
      given.push_back(tape.input(random_tensor({batch_, memory_time, memory_size}, 5)));
      constants = {part(given.back())};
    }
    input.initial_state = states;
    input.dropout_masks = masks;
    input.constants = constants;
    const LayerValue output = layer.call(input);
    const auto weights = [&](Shape shape, std::uint64_t seed) {
      return part(tape.constant(random_tensor(shape, seed)));
    };
    Var loss;
    if (output.value.shape().rank() == 3)
      loss = sum(output.value * slice(weights({batch_, time_, output.value.cols()}, 8), 1, 0, time));
    else loss = sum(output.value * weights({batch_, output.value.cols()}, 8));
    for (const Var state : output.states) loss = loss + sum(state * state * weights({batch_, state.cols()}, 9));
    tape.backward(loss);
    accumulate(loss.item(), given, parameters(layer), sum_of);
  }

  static void accumulate(double loss, const std::vector<Var>& given, const std::vector<NamedParameter>& learned,
                         Gradients& sum_of) {
    const auto append = [](std::vector<double>& to, const Array& from) {
      const auto numbers = from.to_doubles();
      to.insert(to.end(), numbers.begin(), numbers.end());
    };
    std::vector<double> operands, of_parameters;
    for (const Var value : given) append(operands, value.gradient());
    for (const NamedParameter& p : learned) append(of_parameters, p.parameter->gradient);
    sum_of.loss += loss;
    add(sum_of.operands, operands);
    add(sum_of.parameters, of_parameters);
    for (const double g : of_parameters) sum_of.largest = std::max(sum_of.largest, std::abs(g));
  }

  std::vector<Index> lengths_;
  Index batch_;
  Index time_;
};

// Random lengths, of which one is 1; equal ones; pairs of equal ones.
std::vector<std::vector<Index>> all_lengths() {
  Generator generator(5);
  std::vector<Index> random = {1};
  while (random.size() < 6) random.push_back(1 + generator.below(12));
  return {random, {4, 4, 4}, {7, 1, 7, 1}};
}

void check_rnn(const std::string& what, AnyCell cell) {
  RNN rnn(std::move(cell), {});
  build(rnn, cell_features);
  for (const auto& lengths : all_lengths())
    for (const bool sequences : {true, false})
      for (const bool backwards : {true, false}) {
        rnn.set_options({.return_sequences = sequences, .return_state = true, .go_backwards = backwards});
        OneByOne(lengths).check(fmt::format("{}, lengths {}, sequences {}, backwards {}", what, fmt::join(lengths, " "),
                                            sequences, backwards),
                                rnn, {rnn.cell().operator->()});
      }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ragged)

BOOST_AUTO_TEST_CASE(every_cell_learns_as_from_one_sequence_after_the_other) {
  for (NamedCell& cell : all_cells()) check_rnn(cell.name, std::move(cell.cell));
}

// Sequences lie one behind the other: a length too large would read the next one's numbers.
BOOST_AUTO_TEST_CASE(a_reversal_of_lengths_beyond_the_time_axis_is_refused) {
  Tape tape(DType::float64);
  const Var x = tape.constant(Tensor<double>({2, 3, 1}, {0, 1, 2, 3, 4, 5}));
  const auto reversed = [&](std::vector<Index> lengths) { return reverse_in_time(x, lengths, false).to_doubles(); };
  BOOST_TEST(reversed({2, 3}) == (std::vector<double>{1, 0, 0, 5, 4, 3}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(reversed({4, 3}), ValueError);
  BOOST_CHECK_THROW(reversed({3, -1}), ValueError);
  BOOST_CHECK_THROW(reversed({3, 3, 3}), ShapeError);
  BOOST_CHECK_THROW(reversed({3}), ShapeError);
}

BOOST_AUTO_TEST_CASE(stacks_learn_as_from_one_sequence_after_the_other) {
  check_rnn("LSTM x 3", StackedRNNCells(LSTMCell(4), LSTMCell(3), LSTMCell(4)));
  check_rnn("mixed stack", StackedRNNCells(GRUCell(4), StackedRNNCells(LSTMCell(3), SimpleRNNCell(2))));
}

BOOST_AUTO_TEST_CASE(both_directions_learn_as_from_one_sequence_after_the_other) {
  for (const char* merge : {"concat", "mul"})
    for (const bool sequences : {true, false}) {
      const auto cell = [] { return StackedRNNCells(LSTMCell(4), GRUCell(3)); };
      Bidirectional both(cell, {.return_sequences = sequences, .return_state = true}, merge);
      build(both, cell_features);
      const std::vector<CellInterface*> cells = {both.config().layer->rnn()->cell().operator->(),
                                                 both.config().backward_layer->rnn()->cell().operator->()};
      for (const auto& lengths : all_lengths())
        OneByOne(lengths).check(fmt::format("{}, lengths {}, sequences {}", merge, fmt::join(lengths, " "), sequences),
                                both, cells);
    }
}

BOOST_AUTO_TEST_SUITE_END()
