#include <recur/train/model/saved_model.h>

#include <recur/io/model_file.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/recurrent/bidirectional.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/train/model/generate.h>

#include "../../temporary_directory.h"

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(saved_model)

BOOST_AUTO_TEST_CASE(comes_back_with_its_architecture) {
  const TemporaryDirectory folder;
  for (const DType dtype : {DType::float32, DType::float64}) {
    Sequential model{LSTM(4, {.return_sequences = true}), GRU(3), Dense(2)};
    model.build(5, 1, dtype);
    save_model(folder.file("model"), model, {{"trained", "yes"}});
    SavedModel loaded = load_model(folder.file("model"));
    BOOST_TEST(loaded.notes.size() >= 1U);
    BOOST_TEST(loaded.notes.at("trained") == "yes");
    Tape tape(dtype);
    const Var x = tape.constant({2, 3, 5}, std::vector<double>(30, 0.25));
    BOOST_TEST(loaded.model(x).to_doubles() == model(x).to_doubles());
  }
}

BOOST_AUTO_TEST_CASE(refuses_what_it_cannot_keep) {
  const TemporaryDirectory folder;
  Sequential unbuilt{Dense(2)};
  BOOST_CHECK_THROW(save_model(folder.file("model"), unbuilt), ValueError);
  Sequential model{Dense(2)};
  model.build(3, 1);
  BOOST_CHECK_THROW(save_model(folder.file("model"), model, {{"features", "1"}}), ValueError);
  save_parameters(folder.file("parameters"), parameters(model));
  BOOST_CHECK_EXCEPTION((void)load_model(folder.file("parameters")), FormatError, [](const FormatError& error) {
    return std::string(error.what()).find("load_parameters") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(generation)

// A model whose output says that the next id is one more, whatever came before.
Sequential counting() {
  Sequential model{Embedding(5, 5, {.embeddings_initializer = identity()}),
                   Dense(5, {.kernel_initializer = identity(50)})};
  model.build(5, 1);
  auto& dense = model.layers()[1].as<Dense>();
  for (Index i = 0; i < 5; ++i)
    for (Index j = 0; j < 5; ++j) dense.kernel.edit().as<float>()(i, j) = j == (i + 1) % 5 ? 50.0F : 0.0F;
  return model;
}

BOOST_AUTO_TEST_CASE(draws_what_the_model_predicts) {
  Sequential model = counting();
  Generator random(1);
  const std::vector<std::int32_t> prompt{3};
  BOOST_TEST(generate(model, prompt, {.count = 4}, random) == (std::vector<std::int32_t>{4, 0, 1, 2}));
  const Vocabulary letters("abcde");
  BOOST_TEST(generate_text(model, letters, "ab", {.count = 3}, random) == "abcde");
}

// Id by id with carried states is as the whole text at once, and leaves states and options as they were.
BOOST_AUTO_TEST_CASE(carries_states_and_puts_them_back) {
  Sequential model{Embedding(6, 4), LSTM(4, {.return_sequences = true}), Dense(6)};
  model.build(4, 3);
  Generator random(1);
  const std::vector<std::int32_t> prompt{1, 2};
  // The logits of a model that was not trained differ by 1e-3 or so: only a far lower temperature draws the largest.
  const auto drawn = generate(model, prompt, {.count = 5, .temperature = 1e-7}, random);
  BOOST_TEST(!recurrent_layers(model).front()->options().stateful);
  std::vector<std::int32_t> all = prompt;
  for (const std::int32_t id : drawn) {
    Tape tape;
    BOOST_TEST(most_likely(model(tape, all, {1, static_cast<Index>(all.size())})).back() == id);
    all.push_back(id);
  }
}

BOOST_AUTO_TEST_CASE(refuses_models_that_look_ahead) {
  Sequential model{Embedding(6, 4), Bidirectional([] { return LSTMCell(4); }, {.return_sequences = true}), Dense(6)};
  model.build(4, 3);
  Generator random(1);
  const std::vector<std::int32_t> prompt{1};
  BOOST_CHECK_THROW((void)generate(model, prompt, {}, random), ValueError);
  BOOST_CHECK_THROW((void)generate(model, {}, {}, random), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
