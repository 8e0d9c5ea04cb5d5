#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/layers/torch/torch_rnn.h>

#include <map>
#include <string>
#include <vector>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(torch_rnn)

// Between the layers, as if they were three of one layer each.
BOOST_AUTO_TEST_CASE(torch_dropout_with_given_masks) {
  TorchOptions options;
  options.input_size = 2;
  options.hidden_size = 3;
  options.num_layers = 3;
  options.dropout = 0.5;
  options.batch_first = true;
  TorchGRU deep(options);
  build(deep, 2);
  BOOST_TEST(deep.mask_count() == 2);
  const Tensor<double> ones_and_zeros({2, 2, 3}, {2, 0, 2, 0, 0, 2, 2, 2, 0, 0, 2, 0});
  const Tensor<double> others({2, 2, 3}, {0, 2, 2, 2, 0, 0, 0, 2, 2, 2, 0, 2});
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 2, 2}));
  const std::vector<Var> masks = {tape.constant(ones_and_zeros), tape.constant(others)};
  const Var all = deep.call(x, {}, {}, masks).output;

  Var by_hand = x;
  std::vector<TorchGRU> singles;  // as long as the tape that refers to their parameters
  singles.reserve(3);
  options.num_layers = 1;
  options.dropout = 0;
  for (std::size_t layer = 0; layer < 3; ++layer) {
    options.input_size = layer == 0 ? 2 : 3;
    TorchGRU& one = singles.emplace_back(options);
    build(one, options.input_size);
    const auto from = parameters(deep);
    const auto to = parameters(one);
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i].parameter->edit().assign(from[layer * to.size() + i].parameter->value());
    by_hand = one.call(by_hand).output;
    if (layer < 2) by_hand = by_hand * masks[layer];
  }
  BOOST_TEST(difference(all, by_hand) < 1e-14);

  const std::vector<Index> lengths = {1, 2};
  check_derivatives(
      "TorchGRU",
      [&](Tape& t, std::span<const Var> in) {
        const std::vector<Var> given = {t.constant(ones_and_zeros), t.constant(others)};
        return deep.call(in[0], in.subspan(1), lengths, given).output;
      },
      {Shape{2, 2, 2}, Shape{3, 2, 3}}, parameter_list(deep));
  const std::vector<Var> one_mask = {masks[0]};
  BOOST_CHECK_THROW((void)deep.call(x, {}, {}, one_mask), ValueError);
}

BOOST_AUTO_TEST_CASE(torch_weights_go_out_and_in) {
  TorchOptions options;
  options.input_size = 2;
  options.hidden_size = 3;
  options.num_layers = 2;
  options.bidirectional = true;
  options.proj_size = 2;
  TorchLSTM from(options);
  TorchLSTM to(options);
  build(from, 2, 1);
  build(to, 2, 5);
  std::map<std::string, Array> state;
  for (auto& [name, array] : from.state_dict()) state.emplace(name, std::move(array));
  BOOST_TEST(state.size() == 20);
  BOOST_TEST((state.at("weight_ih_l1_reverse").shape() == Shape{12, 4}));
  to.load_state_dict(state);
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({4, 2, 2}));
  const std::vector<Index> lengths = {2, 4};
  BOOST_TEST(difference(from.call(x, {}, lengths).output, to.call(x, {}, lengths).output) == 0);
  state.erase("bias_hh_l0");
  BOOST_CHECK_THROW(to.load_state_dict(state), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
