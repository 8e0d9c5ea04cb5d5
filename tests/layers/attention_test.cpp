#include "layer_gradients.h"

#include <recur/framework/ops/split.h>
#include <recur/layers/attention.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(attention)

BOOST_AUTO_TEST_CASE(gradients) {
  Attention attention({.use_scale = true});
  build(attention, 3);
  check_layer_gradient("Attention", attention, Shape{2, 4, 3});
  AdditiveAttention additive({.use_scale = true, .causal = true, .dropout = 0.5});
  build(additive, 3);
  check_layer_gradient("AdditiveAttention", additive, Shape{2, 4, 3});
}

// Against loops: weights are a softmax over the steps that may be seen.
BOOST_AUTO_TEST_CASE(values) {
  const Tensor<double> query = random_tensor({2, 3, 2}, 1);
  const Tensor<double> value = random_tensor({2, 4, 5}, 2);
  const Tensor<double> key = random_tensor({2, 4, 2}, 3);
  const Tensor<double> mask({2, 4}, {1, 1, 0, 1, 0, 1, 1, 0});
  Attention dot({.use_scale = true});
  build(dot, 2);
  AdditiveAttention additive;
  build(additive, 2);
  const double factor = dot.scale.value().to_doubles()[0];
  const auto scale = additive.scale.value().to_doubles();
  for (const bool is_dot : {true, false}) {
    Tape tape(DType::float64);
    const AttentionInputs inputs{tape.constant(query), tape.constant(value), tape.constant(key), tape.constant(mask)};
    const auto result = (is_dot ? dot(inputs) : additive(inputs)).to_doubles();
    std::size_t at = 0;
    for (Index b = 0; b < 2; ++b)
      for (Index q = 0; q < 3; ++q) {
        std::vector<double> weights;
        double total = 0;
        for (Index t = 0; t < 4; ++t) {
          double score = 0;
          for (Index f = 0; f < 2; ++f)
            score += is_dot ? factor * query(b, q, f) * key(b, t, f)
                            : scale[static_cast<std::size_t>(f)] * std::tanh(query(b, q, f) + key(b, t, f));
          weights.push_back(mask(b, t) != 0 ? std::exp(score) : 0);
          total += weights.back();
        }
        for (Index f = 0; f < 5; ++f) {
          double expected = 0;
          for (Index t = 0; t < 4; ++t) expected += weights[static_cast<std::size_t>(t)] / total * value(b, t, f);
          BOOST_TEST(std::abs(result[at++] - expected) < 1e-12);
        }
      }
  }
}

BOOST_AUTO_TEST_CASE(causal_attention_sees_no_future) {
  Attention all;
  Attention causal({.causal = true});
  Tape tape(DType::float64);
  const Var x = tape.constant(random_tensor({2, 4, 3}));
  const Var mask = tape.constant(Tensor<double>({2, 4}, {1, 0, 1, 1, 1, 1, 1, 0}));
  const Var y = causal(AttentionInputs{x, x, Var(), mask});
  for (Index q = 0; q < 4; ++q) {
    const Var past = slice(x, 1, 0, q + 1);
    const Var expected = all(AttentionInputs{slice(x, 1, q, 1), past, Var(), slice(mask, 1, 0, q + 1)});
    BOOST_TEST(difference(slice(y, 1, q, 1), expected) < 1e-14);
  }
}

BOOST_AUTO_TEST_CASE(dropped_weights_are_made_up_for) {
  Attention attention({.dropout = 0.5});
  Tape tape(DType::float64);
  const AttentionInputs inputs{tape.zeros({1, 1, 2}), tape.filled({1, 8, 2}, 1), Var(), Var()};
  const double y = attention(inputs).to_doubles()[0];  // of 8 equal weights those kept count 2/8
  BOOST_TEST((std::abs(y * 4 - std::round(y * 4)) < 1e-12 && y != 1));
  tape.set_training(false);
  BOOST_TEST(std::abs(attention(inputs).to_doubles()[0] - 1) < 1e-12);
  BOOST_CHECK_THROW(Attention({.dropout = 1}), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
