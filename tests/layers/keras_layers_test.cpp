#include "support.h"

#include <recur/framework/ops/reduce.h>
#include <recur/layers/activation_layer.h>
#include <recur/layers/config/config.h>
#include <recur/layers/global_pooling.h>
#include <recur/layers/repeat_vector.h>
#include <recur/layers/spatial_dropout.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(keras_layers)

BOOST_AUTO_TEST_CASE(repeat_vector_gives_its_input_at_every_step) {
  Tape tape(DType::float64);
  const RepeatVector repeat(3);
  const Var x = tape.input(Tensor<double>({2, 2}, {1, 2, 3, 4}));
  const Var y = repeat(x);
  BOOST_TEST((y.shape() == Shape{2, 3, 2}));
  BOOST_TEST((repeat.output_shape({2, 2}) == Shape{2, 3, 2}));
  BOOST_TEST(y.to_doubles() == (std::vector<double>{1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4}),
             boost::test_tools::per_element());
  check_derivatives("RepeatVector", [&](Tape&, auto in) { return repeat(in[0]); }, {Shape{2, 3}}, {});
  BOOST_CHECK_THROW((void)repeat(tape.constant(random_tensor({2, 3, 4}))), ShapeError);
  BOOST_CHECK_THROW(RepeatVector(0), ValueError);
}

BOOST_AUTO_TEST_CASE(spatial_dropout_drops_a_feature_at_all_steps_or_none) {
  Tape tape(DType::float64, 3);
  Tensor<double> ones({40, 5, 6});
  ones.fill(1);
  const SpatialDropout1D dropout(0.25);
  const auto y = dropout(tape.constant(ones)).to_doubles();
  double kept = 0;
  for (std::size_t b = 0; b < 40; ++b)
    for (std::size_t f = 0; f < 6; ++f) {
      const double first = y[b * 30 + f];
      BOOST_TEST((first == 0 || std::abs(first - 1 / 0.75) < 1e-12));
      for (std::size_t t = 1; t < 5; ++t) BOOST_TEST(y[b * 30 + t * 6 + f] == first);
      kept += first > 0 ? 1 : 0;
    }
  BOOST_TEST(std::abs(kept / 240 - 0.75) < 4 * std::sqrt(0.75 * 0.25 / 240));  // four standard deviations
  const NoGradient inference(tape);
  BOOST_TEST(dropout(tape.constant(ones)).to_doubles()[0] == 1.0);
}

BOOST_AUTO_TEST_CASE(pooling_is_the_mean_of_the_steps_that_count) {
  Tape tape(DType::float64);
  const Tensor<double> x({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  LayerValue input;
  input.value = tape.constant(x);
  const GlobalAveragePooling1D pool;
  BOOST_TEST(pool.call(input).value.to_doubles() == (std::vector<double>{2, 3, 6, 7}),
             boost::test_tools::per_element());
  input.mask = tape.constant(Tensor<double>({2, 2}, {0, 1, 0, 0}));
  BOOST_TEST(pool.call(input).value.to_doubles() == (std::vector<double>{3, 4, 0, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(!pool.call(input).mask.defined());
  input.mask = Var();
  const std::vector<Index> lengths = {2, 1};
  input.lengths = lengths;
  BOOST_TEST(pool.call(input).value.to_doubles() == (std::vector<double>{2, 3, 5, 6}),
             boost::test_tools::per_element());
  BOOST_CHECK_THROW(GlobalAveragePooling1D({.data_format = "channels_first"}), ValueError);
}

BOOST_AUTO_TEST_CASE(configs_name_them_as_keras_does) {
  for (const char* text : {R"({"class_name": "RepeatVector", "config": {"n": 4}})",
                           R"({"class_name": "Activation", "config": {"activation": "softmax"}})",
                           R"({"class_name": "SpatialDropout1D", "config": {"rate": 0.5}})",
                           R"({"class_name": "GlobalAveragePooling1D", "config": {"keepdims": true}})"}) {
    const AnyLayer layer = layer_from_config(text);
    const AnyLayer again = layer_from_config(get_config(layer));
    BOOST_TEST(get_config(again) == get_config(layer));
    BOOST_TEST(std::string(text).find(std::string(layer->class_name())) != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
