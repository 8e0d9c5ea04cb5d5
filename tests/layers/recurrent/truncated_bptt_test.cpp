#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/layers/cells/gru_cell.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/recurrent/truncated_bptt.h>

using namespace recur;
using namespace recur::test;

namespace {

constexpr Index time_steps = 12;
constexpr Index batch = 2;
constexpr Index features = 3;

RNN stack(bool time_major = false) {
  return RNN(StackedRNNCells(LSTMCell(4), GRUCell(3)),
             {.return_sequences = true, .return_state = true, .time_major = time_major});
}

Tensor<double> steps(const Tensor<double>& x, Index begin, Index end) {
  Tensor<double> part({batch, end - begin, x.shape()[2]});
  const Index row = x.shape()[2];
  for (Index b = 0; b < batch; ++b)
    std::copy_n(x.data() + (b * x.shape()[1] + begin) * row, (end - begin) * row,
                part.data() + b * (end - begin) * row);
  return part;
}

std::vector<double> gradients(RNN& rnn) {
  std::vector<double> all;
  for (const NamedParameter& p : parameters(rnn)) {
    const auto own = p.parameter->gradient.to_doubles();
    all.insert(all.end(), own.begin(), own.end());
    p.parameter->zero_gradient();
  }
  return all;
}

void check_close(const std::vector<double>& found, const std::vector<double>& expected) {
  BOOST_REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) BOOST_TEST(std::abs(found[i] - expected[i]) < 1e-12);
}

// Outputs of all steps, and gradients added up over the windows.
std::pair<std::vector<double>, std::vector<double>> through_windows(RNN& rnn, const Tensor<double>& x,
                                                                    const Tensor<double>& mask,
                                                                    TruncatedBPTTOptions options) {
  TruncatedBPTT truncated(options);
  std::vector<std::vector<double>> outputs(batch);
  for (Index i = 0; i < truncated.count(time_steps); ++i) {
    const auto window = truncated.window(i, time_steps);
    Tape tape(DType::float64);
    const RNNResult result = truncated.call(
        rnn, tape.input(steps(x, window.begin, window.end)), window,
        {.mask = reshape(tape.constant(steps(mask, window.begin, window.end)), {batch, window.end - window.begin})});
    const auto values = result.output.to_doubles();
    const std::size_t own = values.size() / batch;
    for (std::size_t b = 0; b < batch; ++b)
      outputs[b].insert(outputs[b].end(), values.begin() + static_cast<std::ptrdiff_t>(b * own),
                        values.begin() + static_cast<std::ptrdiff_t>((b + 1) * own));
    tape.backward(sum(result.output * result.output));
  }
  outputs[0].insert(outputs[0].end(), outputs[1].begin(), outputs[1].end());
  return {outputs[0], gradients(rnn)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(truncated_bptt)

BOOST_AUTO_TEST_CASE(windows) {
  const TruncatedBPTT truncated({.k1 = 4, .k2 = 6});
  BOOST_TEST(truncated.count(10) == 3);
  const auto is = [&](Index i, Index begin, Index learn, Index end, Index next) {
    const auto w = truncated.window(i, 10);
    return w.begin == begin && w.learn == learn && w.end == end && w.next == next;
  };
  BOOST_TEST(is(0, 0, 0, 4, 2));
  BOOST_TEST(is(1, 2, 4, 8, 6));
  BOOST_TEST(is(2, 6, 8, 10, 10));
  BOOST_CHECK_THROW(static_cast<void>(truncated.window(3, 10)), ValueError);
  BOOST_CHECK_THROW(TruncatedBPTT({.k1 = 0}), ValueError);
  BOOST_CHECK_THROW(TruncatedBPTT({.k1 = 4, .k2 = 3}), ValueError);
}

BOOST_AUTO_TEST_CASE(one_window_is_full_backpropagation_and_outputs_are_the_same_in_any_windows) {
  RNN rnn = stack();
  build(rnn, features);
  const Tensor<double> x = random_tensor({batch, time_steps, features});
  Tensor<double> mask({batch, time_steps, 1});
  for (Index i = 0; i < mask.size(); ++i) mask.data()[i] = i % 5 == 3 ? 0 : 1;
  Tensor<double> unmasked({batch, time_steps, 1});
  std::fill(unmasked.values().begin(), unmasked.values().end(), 1.0);
  Tape tape(DType::float64);
  const RNNResult full = rnn.call(tape.input(x), {.mask = tape.constant(mask)});
  tape.backward(sum(full.output * full.output));
  const auto expected = gradients(rnn);
  const auto whole = through_windows(rnn, x, mask, {.k1 = time_steps});
  BOOST_TEST(whole.first == full.output.to_doubles());
  check_close(whole.second, expected);
  // All that came before: only the order of the steps' sums is another.
  const std::vector<TruncatedBPTTOptions> all_options = {{3, 0}, {3, 5}, {5, 6}, {1, 12}, {4, 12}};
  for (const TruncatedBPTTOptions options : all_options) {
    const auto found = through_windows(rnn, x, mask, options);
    BOOST_TEST(found.first.size() == whole.first.size());
    if (options.k2 == time_steps) check_close(found.second, expected);
    check_close(through_windows(rnn, x, unmasked, options).first,
                through_windows(rnn, x, unmasked, {time_steps, 0}).first);
  }
}

BOOST_AUTO_TEST_CASE(gradients_stop_where_a_window_begins) {
  RNN rnn = stack();
  build(rnn, features);
  const Tensor<double> x = random_tensor({batch, time_steps, features});
  // The same by hand: the last four steps from the states before them, as constants.
  TruncatedBPTT truncated({.k1 = 8, .k2 = 8});
  Tape tape(DType::float64);
  const auto first = truncated.window(0, time_steps);
  static_cast<void>(truncated.call(rnn, tape.constant(steps(x, 0, 8)), first));
  tape.reset();
  const auto second = truncated.window(1, time_steps);
  const RNNResult result = truncated.call(rnn, tape.constant(steps(x, 8, 12)), second);
  tape.backward(sum(result.output * result.output));
  const auto found = gradients(rnn);

  Tape other(DType::float64);
  const RNNResult before = rnn.call(other.constant(steps(x, 0, 8)));
  std::vector<Var> states;
  for (const Var state : before.states) states.push_back(other.detach(state));
  const RNNResult after = rnn.call(other.constant(steps(x, 8, 12)), {.initial_state = states});
  other.backward(sum(after.output * after.output));
  check_close(found, gradients(rnn));
  BOOST_TEST(result.output.to_doubles() == after.output.to_doubles());
}

BOOST_AUTO_TEST_CASE(what_cannot_work_is_an_error) {
  TruncatedBPTT truncated({.k1 = 2});
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({batch, 2, features}));
  const auto window = truncated.window(0, 4);
  RNN forgetful(LSTMCell(2), {.return_sequences = true});
  build(forgetful, features);
  BOOST_CHECK_THROW(static_cast<void>(truncated.call(forgetful, x, window)), ValueError);
  RNN backwards(LSTMCell(2), {.return_state = true, .go_backwards = true});
  build(backwards, features);
  BOOST_CHECK_THROW(static_cast<void>(truncated.call(backwards, x, window)), ValueError);
  RNN good = stack();
  build(good, features);
  const Var longer = tape.constant(random_tensor({batch, 3, features}));
  BOOST_CHECK_THROW(static_cast<void>(truncated.call(good, longer, window)), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
