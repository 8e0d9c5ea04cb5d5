#include "support.h"

#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/layer_normalization.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/summary.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(summary_of_a_model)

BOOST_AUTO_TEST_CASE(it_lists_layers_shapes_and_parameters) {
  Sequential model(Embedding(7, 2), Bidirectional([] { return LSTMCell(3); }, {.return_sequences = true}),
                   LayerNormalization(), GRU(2), Dense(1));
  model.layers()[0].common.trainable = false;
  Builder builder(1, DType::float32, Generator(1));
  model.build(builder);
  const char* const expected =
      "layer (class)                             output shape  parameters\n"
      "------------------------------------------------------------------\n"
      "embedding (Embedding)                     [4, 5, 2]             14\n"
      "bidirectional (Bidirectional)             [4, 5, 6]            144\n"
      "layer_normalization (LayerNormalization)  [4, 5, 6]             12\n"
      "gru (GRU)                                 [4, 2]                60\n"
      "dense (Dense)                             [4, 1]                 3\n"
      "------------------------------------------------------------------\n"
      "parameters: 233, of which trainable: 219\n";
  BOOST_TEST(summary(model, {4, 5}) == expected);
}

BOOST_AUTO_TEST_SUITE_END()
