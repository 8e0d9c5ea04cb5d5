#include "layer_gradients.h"

#include <recur/layers/config/config.h>
#include <recur/layers/flatten.h>
#include <recur/layers/pooling.h>

using namespace recur;
using namespace recur::test;

namespace {

std::vector<double> of(const AnyLayer& layer, const LayerValue& input) { return layer->call(input).value.to_doubles(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(pooling)

BOOST_AUTO_TEST_CASE(values_of_windows) {
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(Tensor<double>({1, 5, 2}, {1, 9, 4, 2, 3, 7, -5, 8, 6, -1}));
  const auto check = [&](const AnyLayer& layer, const std::vector<double>& expected) {
    const std::vector<double> found = of(layer, input);
    BOOST_TEST_REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) BOOST_TEST(std::abs(found[i] - expected[i]) < 1e-14);
    BOOST_TEST((layer->output_shape(input.value.shape()) == layer->call(input).value.shape()));
  };
  check(MaxPooling1D(), {4, 9, 3, 8});
  check(MaxPooling1D({.pool_size = 3, .strides = 1}), {4, 9, 4, 8, 6, 8});
  check(MaxPooling1D({.pool_size = 2, .padding = Padding::same}), {4, 9, 3, 8, 6, -1});
  check(AveragePooling1D(), {2.5, 5.5, -1, 7.5});
  // Padding does not count: one step in front of the first window, one behind the last.
  check(AveragePooling1D({.pool_size = 3, .strides = 2, .padding = Padding::same}),
        {2.5, 5.5, 2.0 / 3, 17.0 / 3, 0.5, 3.5});
  check(GlobalMaxPooling1D(), {6, 9});
  check(GlobalMaxPooling1D({.keepdims = true}), {6, 9});
}

BOOST_AUTO_TEST_CASE(steps_that_do_not_count_take_no_part) {
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(Tensor<double>({2, 4, 1}, {1, 2, 30, 4, -5, -6, 7, 8}));
  const std::vector<Index> lengths = {4, 1};
  input.lengths = lengths;
  const MaxPooling1D same({.padding = Padding::same}), valid;
  BOOST_TEST(of(MaxPooling1D({.padding = Padding::same}), input) == (std::vector<double>{2, 30, -5, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(same.call(input).lengths[1] == 1);
  BOOST_TEST(valid.call(input).lengths[1] == 0);
  BOOST_TEST(of(GlobalMaxPooling1D(), input) == (std::vector<double>{30, -5}), boost::test_tools::per_element());
  input.lengths = {};
  input.mask = tape.constant(Tensor<double>({2, 4}, {1, 1, 0, 1, 0, 0, 0, 0}));
  BOOST_TEST(of(AveragePooling1D(), input) == (std::vector<double>{1.5, 4, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(valid.call(input).mask.to_doubles() == (std::vector<double>{1, 0, 0, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(of(GlobalMaxPooling1D(), input) == (std::vector<double>{4, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gradients) {
  for (const Padding padding : {Padding::valid, Padding::same}) {
    MaxPooling1D largest({.pool_size = 3, .strides = 2, .padding = padding});
    AveragePooling1D mean({.pool_size = 3, .strides = 2, .padding = padding, .time_major = true});
    const auto check = [](const char* what, auto& layer, const Shape& shape, std::vector<Index> lengths) {
      check_derivatives(what,
                        [&](Tape&, auto x) {
                          LayerValue value;
                          value.value = x[0];
                          value.lengths = lengths;
                          return layer.call(value).value;
                        },
                        {shape}, {});
    };
    check("MaxPooling1D", largest, {2, 7, 2}, {});
    check("MaxPooling1D of lengths", largest, {2, 7, 2}, {7, 4});
    check("AveragePooling1D, time-major", mean, {7, 2, 2}, {});
    check("AveragePooling1D of lengths", mean, {7, 2, 2}, {7, 4});
  }
}

BOOST_AUTO_TEST_CASE(flatten_joins_the_steps) {
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.constant(Tensor<double>({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}));
  Flatten layer(2);
  build(layer, 2);
  BOOST_TEST(layer.output_size() == 4);
  BOOST_TEST((layer.call(input).value.shape() == Shape{2, 4}));
  BOOST_TEST((layer.output_shape({2, 2, 2}) == Shape{2, 4}));
  const std::vector<Index> lengths = {2, 1};
  input.lengths = lengths;
  BOOST_CHECK_EXCEPTION((void)layer.call(input), ShapeError, says<ShapeError>("different lengths"));
  input.lengths = {};
  BOOST_CHECK_EXCEPTION((void)Flatten().call(input), ShapeError, says<ShapeError>("Flatten(2)"));
  BOOST_CHECK_EXCEPTION(Flatten(-1), ValueError, says<ValueError>("must not be negative"));
  input.value = tape.constant(random_tensor({3, 4}));
  BOOST_TEST((Flatten().call(input).value.shape() == Shape{3, 4}));
}

BOOST_AUTO_TEST_CASE(configs_name_them_as_keras_does) {
  for (
      const char* text :
      {R"({"class_name": "MaxPooling1D", "config": {"pool_size": [3], "strides": null, "padding": "same"}})",
       R"({"class_name": "AveragePooling1D", "config": {"pool_size": 2, "strides": [1], "data_format": "channels_last"}})",
       R"({"class_name": "GlobalMaxPooling1D", "config": {"data_format": "channels_last", "keepdims": true}})",
       R"({"class_name": "Flatten", "config": {"data_format": "channels_last", "steps": 5}})"}) {
    const AnyLayer layer = layer_from_config(text);
    BOOST_TEST(get_config(layer_from_config(get_config(layer))) == get_config(layer));
  }
  const AnyLayer pool = layer_from_config(R"({"class_name": "MaxPooling1D", "config": {"pool_size": 3}})");
  BOOST_TEST(pool.as<MaxPooling1D>().config().options.strides == 3);
}

BOOST_AUTO_TEST_CASE(refusals) {
  BOOST_CHECK_EXCEPTION(MaxPooling1D({.padding = Padding::causal}), ValueError, says<ValueError>("valid or same"));
  BOOST_CHECK_EXCEPTION(AveragePooling1D({.pool_size = 0}), ValueError, says<ValueError>("at least 1"));
  Tape tape(DType::float64);
  LayerValue input;
  input.value = tape.zeros({2, 1, 3});
  BOOST_CHECK_EXCEPTION((void)MaxPooling1D().call(input), ShapeError, says<ShapeError>("1 steps are too few"));
  input.value = tape.zeros({2, 0, 3});
  BOOST_CHECK_THROW((void)GlobalMaxPooling1D().call(input), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
