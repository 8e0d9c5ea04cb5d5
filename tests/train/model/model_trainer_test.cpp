#include <recur/train/model/model_trainer.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/ctc_loss.h>
#include <recur/framework/ops/reduce.h>
#include <recur/layers/batch_normalization.h>
#include <recur/layers/conv1d.h>
#include <recur/layers/ctc_decoding.h>
#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/losses.h>
#include <recur/layers/masking.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/recurrent/truncated_bptt.h>
#include <recur/optim/optimizers.h>
#include <recur/train/data/dataset.h>
#include <recur/train/data/label_lists.h>
#include <recur/train/data/stream_batches.h>
#include <recur/train/model/saved_model.h>
#include <recur/train/samples/reber.h>

#include "../../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>

namespace {

using namespace recur;

Tensor<float> numbers(Shape shape, std::uint64_t seed = 3) {
  Tensor<float> values(shape);
  Generator random(seed);
  for (float& value : values.values()) value = static_cast<float>(random.uniform());
  return values;
}

BOOST_AUTO_TEST_SUITE(model_trainer)

// A loop by hand over the same batches must leave the same bits.
BOOST_AUTO_TEST_CASE(learns_as_a_loop_by_hand) {
  const TensorDataset data(numbers({12, 5, 3}), numbers({12, 1}, 4));
  Sequential model{LSTM(4), Dense(1)};
  model.build(3, 7);
  ModelTrainer trainer(model, "mse", optim::adam(1e-2), {.epochs = 2, .progress = false});
  trainer.fit(Batches(data, {.batch = 4, .seed = 5}));

  Sequential other{LSTM(4), Dense(1)};
  other.build(3, 7);
  const auto learned = parameters(other);
  auto optimizer = optim::adam(1e-2);
  Tape tape;
  Batches batches(data, {.batch = 4, .seed = 5});
  for (Index epoch = 1; epoch <= 2; ++epoch) {
    batches.start_epoch(epoch);
    for (const Batch& batch : batches) {
      tape.backward(mean_squared_error(other(tape.constant(batch.inputs)), tape.constant(batch.targets)));
      optimizer.step(learned);
      tape.reset();
    }
  }
  const auto mine = parameters(model);
  for (std::size_t i = 0; i < mine.size(); ++i)
    BOOST_TEST(mine[i].parameter->value().to_doubles() == learned[i].parameter->value().to_doubles());
}

// Padding counts neither in the loss nor in metrics: a batch of two lengths scores as its sequences one by one.
BOOST_AUTO_TEST_CASE(padding_does_not_count) {
  const std::vector<std::string> strings{"BTXSE", "BPTTVPSE"};
  Sequential model{Embedding(7, 5), LSTM(4, {.return_sequences = true}), Dense(7)};
  model.build(5, 1);
  ModelTrainer trainer(model, "sparse_categorical_crossentropy", optim::adam(1e-2), {.progress = false});
  trainer.measure("accuracy").measure("nll");
  const std::vector<samples::IdSequences> together{samples::reber_batch(strings)};
  const std::vector<samples::IdSequences> apart{samples::reber_batch({&strings[0], 1}),
                                                samples::reber_batch({&strings[1], 1})};
  const Scores a = trainer.evaluate(together);
  const Scores b = trainer.evaluate(apart);
  BOOST_TEST(a.loss == b.loss, boost::test_tools::tolerance(1e-6));  // float sums in another order
  BOOST_TEST(a["accuracy"] == b["accuracy"], boost::test_tools::tolerance(1e-12));
  BOOST_TEST(a["nll"] == a.loss, boost::test_tools::tolerance(1e-6));
  BOOST_CHECK_THROW((void)a["recall"], ValueError);
}

// A layer with strides leaves other lengths than those of the batch.
BOOST_AUTO_TEST_CASE(label_lists_are_scored_by_ctc) {
  std::vector<Example> examples;
  examples.push_back({numbers({9, 3}), Tensor<float>({2}, {1, 2})});
  examples.push_back({numbers({6, 3}, 4), Tensor<float>({1}, {3})});
  Sequential model{Conv1D(4, 3, {.strides = 2, .padding = Padding::same}), LSTM(4, {.return_sequences = true}),
                   Dense(4)};
  model.build(3, 1);
  ModelTrainer trainer(model, "ctc", optim::adam(1e-2), {.epochs = 1, .progress = false});
  trainer.measure("label_error");
  std::vector<PaddedBatch> batches;
  batches.push_back(pad_label_lists(examples));
  const Scores scores = trainer.evaluate(batches);
  Tape tape;
  LayerValue input;
  input.value = tape.constant(batches[0].inputs);
  input.lengths = batches[0].lengths;
  const LayerValue output = model.call(input);
  const std::vector<std::int32_t> labels = {1, 2, 3};
  const std::vector<Index> counts = {2, 1}, lengths = {5, 3};
  BOOST_TEST(scores.loss == ctc_loss(output.value, {labels, counts}, {.lengths = lengths}).item(),
             boost::test_tools::tolerance(1e-6));
  LabelError error;
  const auto readings = ctc_greedy(output.value.to_array(), {.lengths = lengths});
  error.update(readings[0].labels, std::span(labels).first(2));
  error.update(readings[1].labels, std::span(labels).last(1));
  BOOST_TEST(scores["label_error"] == error.result());
  // A mask says the lengths, too: zeros are put behind the second sequence.
  Sequential masked{Masking(), Dense(4)};
  masked.build(3, 1);
  ModelTrainer other(masked, "ctc", optim::adam(1e-2), {.progress = false});
  const std::vector<Index> steps = {9, 6};
  BOOST_TEST(other.evaluate(batches).loss == ctc_loss(masked(input.value), {labels, counts}, {.lengths = steps}).item(),
             boost::test_tools::tolerance(1e-6));
  const auto reports = trainer.fit(batches, batches);
  BOOST_TEST(reports[0].metrics.at(0).first == "label_error");
  BOOST_CHECK_THROW(trainer.measure("accuracy"), ValueError);
  BOOST_CHECK_THROW(ModelTrainer(model, "mse", optim::adam(1e-2)).measure("label_error"), ValueError);
}

BOOST_AUTO_TEST_CASE(labels_of_padded_sequences_are_those_of_their_ends) {
  const std::array<Index, 2> lengths{2, 5};
  const auto sequence = [&](std::size_t i) { return numbers({lengths[i], 3}, i); };
  Tensor<float> padded({2, 5, 3});
  for (std::size_t i = 0; i < 2; ++i)
    std::ranges::copy(sequence(i).values(), padded.data() + static_cast<Index>(i) * 15);
  std::vector<PaddedBatch> both;
  both.push_back({std::move(padded), Tensor<float>({2, 1}, {0.25F, 0.75F}), {2, 5}, true});

  Sequential model{LSTM(4), Dense(1)};
  model.build(3, 1);
  ModelTrainer trainer(model, mean_squared_error, optim::adam(1e-2), {.progress = false});
  const auto alone = [&](std::size_t i, float target) {
    Tensor<float> inputs = sequence(i);
    inputs.reshape({1, lengths[i], 3});
    std::vector<Batch> one;
    one.push_back({std::move(inputs), Tensor<float>({1, 1}, {target})});
    return trainer.evaluate(one).loss;
  };
  const double mean = (alone(0, 0.25F) + alone(1, 0.75F)) / 2;
  BOOST_TEST(trainer.evaluate(both).loss == mean, boost::test_tools::tolerance(1e-6));  // float sums
}

// States go on within an epoch, begin anew in the next, and validation does not move them: as TruncatedBPTT by hand.
BOOST_AUTO_TEST_CASE(carries_states_through_an_epoch) {
  std::vector<std::int32_t> ids(61);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i * i % 7);
  Sequential model{Embedding(7, 4), LSTM(4, {.return_sequences = true, .stateful = true, .time_major = true}),
                   Dense(7)};
  model.build(4, 2);
  StreamBatches windows(ids, 2, 5);
  ModelTrainer trainer(model, "sparse_categorical_crossentropy", optim::sgd(0.1), {.epochs = 2, .progress = false});
  const auto reports = trainer.fit(windows, StreamBatches(ids, 1, 10));

  Sequential other{Embedding(7, 4), LSTM(4, {.return_sequences = true, .return_state = true, .time_major = true}),
                   Dense(7)};
  other.build(4, 2);
  const auto learned = parameters(other);
  auto optimizer = optim::sgd(0.1);
  Tape tape;
  double last = 0;
  for (int epoch = 0; epoch < 2; ++epoch) {
    CarriedState carried;
    last = 0;
    for (const StreamWindow& window : windows) {
      LayerValue input;
      input.tape = &tape;
      input.ids = window.inputs;
      input.ids_shape = {5, 2};
      input.initial_state = carried.on(tape);
      const LayerValue output = other.call(input);
      const Var loss = sparse_softmax_cross_entropy(output.value, window.targets);
      carried.store(output.states);
      last += loss.item() / static_cast<double>(windows.size());
      tape.backward(loss);
      optimizer.step(learned);
      tape.reset();
    }
  }
  BOOST_TEST(reports.back().train_loss == last, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(goes_on_from_a_checkpoint_to_the_same_bits) {
  const TemporaryDirectory folder;
  std::vector<std::int32_t> ids(101);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i * i % 5);
  const auto train = [&](Index epochs, bool checkpoints) {
    Sequential model{Embedding(5, 3), LSTM(3, {.return_sequences = true, .stateful = true, .time_major = true}),
                     Dense(5)};
    model.build(3, 2);
    TrainerOptions options{.epochs = epochs, .progress = false};
    if (checkpoints) options.checkpoint = {.directory = folder.file("checkpoints"), .resume = true};
    ModelTrainer trainer(model, "sparse_categorical_crossentropy", optim::adam(0.01), options);
    return trainer.fit(StreamBatches(ids, 2, 5)).back().train_loss;
  };
  const double whole = train(3, false);
  (void)train(1, true);
  BOOST_TEST(train(3, true) == whole);
}

// Moving statistics are in checkpoints and in the file of a model.
BOOST_AUTO_TEST_CASE(statistics_of_batches_are_kept) {
  const TemporaryDirectory folder;
  const TensorDataset data(numbers({12, 5, 3}), numbers({12, 1}, 4));
  const Tensor<float> x = numbers({2, 5, 3}, 9);
  const auto outputs = [&](Sequential& model) {
    Tape tape;
    const NoGradient inference(tape);
    return model(tape.constant(x)).to_doubles();
  };
  const auto train = [&](Index epochs, bool checkpoints) {
    Sequential model{Conv1D(4, 2), BatchNormalization({.momentum = 0.8}), LSTM(3), Dense(1)};
    model.build(3, 2);
    TrainerOptions options{.epochs = epochs, .progress = false};
    if (checkpoints) options.checkpoint = {.directory = folder.file("checkpoints"), .resume = true};
    ModelTrainer trainer(model, "mse", optim::adam(0.01), options);
    trainer.fit(Batches(data, {.batch = 4, .seed = 5}));
    const Parameter& mean = model.layers()[1].as<BatchNormalization>().moving_mean;
    BOOST_TEST(std::abs(mean.value().to_doubles()[0]) > 1e-3);
    save_model(folder.file("model"), model);
    SavedModel loaded = load_model(folder.file("model"));
    BOOST_TEST(outputs(loaded.model) == outputs(model), boost::test_tools::per_element());
    return outputs(model);
  };
  const auto whole = train(3, false);
  (void)train(1, true);
  BOOST_TEST(train(3, true) == whole, boost::test_tools::per_element());
}

// What TruncatedBPTT carries is part of a checkpoint, and begins with zeros in each epoch.
BOOST_AUTO_TEST_CASE(a_trainer_keeps_carried_states) {
  const TemporaryDirectory folder;
  const auto run = [&](Index epochs, bool checkpoints, Index stop) {
    RNN model(LSTMCell(3), {.return_sequences = true, .return_state = true});
    Builder builder(2, DType::float32, Generator(1));
    model.build(builder);
    const Tensor<float> series = numbers({1, 20, 2});
    TruncatedBPTT truncated({.k1 = 4, .k2 = 6});
    TrainerOptions options{.epochs = epochs, .progress = false};
    if (checkpoints) options.checkpoint = {.directory = folder.file("checkpoints"), .every = 1, .resume = true};
    Trainer trainer(parameters(model), optim::sgd(0.1), options);
    trainer.carry(truncated.carried());
    Tape tape;
    Index steps = 0;
    double last = 0;
    try {
      trainer.fit(tape, truncated.count(20), [&](Tape& t, Index i) {
        if (steps++ == stop) throw StateError("stopped");
        const auto window = truncated.window(i, 20);
        Tensor<float> part({1, window.end - window.begin, 2});
        std::copy_n(series.data() + 2 * window.begin, part.size(), part.data());
        const Var loss = mean(square(truncated.call(model, t.constant(part), window).output));
        last = loss.item();
        return loss;
      });
    } catch (const StateError&) {
    }
    return last;
  };
  const double whole = run(2, false, -1);
  (void)run(2, true, 7);  // in the middle of the second epoch
  BOOST_TEST(run(2, true, -1) == whole);
}

BOOST_AUTO_TEST_CASE(mistakes_name_their_remedy) {
  Sequential unbuilt{LSTM(4), Dense(1)};
  const auto says = [](const std::string& part) {
    return [part](const std::exception& error) { return std::string(error.what()).find(part) != std::string::npos; };
  };
  BOOST_CHECK_EXCEPTION(ModelTrainer(unbuilt, "mse", optim::adam()), ValueError, says("call model.build"));
  Sequential model{LSTM(4), Dense(1)};
  model.build(2, 1);
  BOOST_CHECK_EXCEPTION(ModelTrainer(model, "mean_square_error", optim::adam()), ValueError,
                        says("did you mean mean_squared_error"));
  ModelTrainer trainer(model, "mse", optim::adam());
  BOOST_CHECK_EXCEPTION(trainer.measure("accuracy"), ValueError, says("accuracy needs classes"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
