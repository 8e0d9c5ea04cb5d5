#include "../layers/inference/support.h"
#include "../temporary_directory.h"

#include <recur/interop/load_inference.h>
#include <recur/io/model_file.h>
#include <recur/layers/config/config.h>
#include <recur/layers/dense.h>
#include <recur/layers/recurrent/lstm.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(loading_an_inference)

BOOST_AUTO_TEST_CASE(from_a_model_file) {
  Sequential model(LSTM(6, {}, {.return_sequences = true}), Dense(2));
  build(model, 3);
  const Tensor<double> inputs = random_tensor({1, 30, 3});
  const auto expected = outputs_of(model, inputs);
  const auto list = parameters(model);
  AnyLayer whole(std::move(model));
  const TemporaryDirectory folder;
  const auto file = folder.file("m.safetensors");
  save_parameters(file, list, {{"model", get_config(whole)}, {"features", "3"}});
  Inference inference = load_inference(file);
  BOOST_TEST(difference(stepped(inference, floats(inputs)), expected) < 1e-5);

  save_parameters(file, list, {{"model", get_config(whole)}});
  BOOST_CHECK_EXCEPTION((void)load_inference(file), FormatError, says<FormatError>("has no features in it"));
  save_parameters(file, list, {{"model", get_config(whole)}, {"features", "3x"}});
  BOOST_CHECK_EXCEPTION((void)load_inference(file), FormatError, says<FormatError>("3x features"));
}

BOOST_AUTO_TEST_SUITE_END()
