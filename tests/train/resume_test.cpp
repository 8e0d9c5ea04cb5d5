#include "../temporary_directory.h"

#include <recur/framework/tensor/error.h>
#include <recur/layers/dense.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>
#include <recur/optim/schedules.h>
#include <recur/train/callbacks/early_stopping.h>
#include <recur/train/data/dataset.h>
#include <recur/train/loop/trainer.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

constexpr Index examples = 22;
constexpr Index epochs = 6;

struct Stopped {};

// A little of everything that has a state: dropout, shuffled batches, Adam with a schedule, early stopping.
class Run {
 public:
  explicit Run(CheckpointOptions checkpoint, Index hidden = 4)
      : model_(lstm(hidden), Dense(1)),
        batches_(data_, {.batch = 4, .seed = 3}),
        tape_(DType::float32, 7),
        trainer_(built(model_),
                 optim::adam({.learning_rate =
                                  optim::exponential_decay({.initial = 0.05, .decay_steps = 10, .decay_rate = 0.9})}),
                 {.epochs = epochs, .progress = false, .checkpoint = std::move(checkpoint)}) {
    trainer_.add(EarlyStopping({.patience = 4, .restore_best_weights = true}));
    trainer_.on_epoch_begin = [this](Index epoch) {
      batches_.start_epoch(epoch);
      in_epoch_ = 0;
    };
    trainer_.save_state = [this](TrainingState& state) {
      state.texts = {{"steps", std::to_string(steps_)}, {"in_epoch", std::to_string(in_epoch_)}};
    };
    trainer_.load_state = [this](const TrainingState& state) {
      steps_ = std::stoi(state.texts.at("steps"));
      in_epoch_ = std::stoi(state.texts.at("in_epoch"));
    };
  }

  // Trains until `stop` steps were made by this object, as if killed there.
  void go(int stop = 1 << 30) {
    int made = 0;
    trainer_.fit(
        tape_, batches_.size(),
        [&](Tape& tape, Index index) {
          if (made++ == stop) throw Stopped();
          ++steps_;
          BOOST_TEST(in_epoch_++ == index);
          const Batch batch = batches_[index];
          return mean_squared_error(model_(tape.constant(batch.inputs)), tape.constant(batch.targets));
        },
        [&] {
          const NoGradient guard(tape_);
          const Batch all = data_.gather(std::vector<Index>{0, 1, 2, 3});
          const double loss =
              mean_squared_error(model_(tape_.constant(all.inputs)), tape_.constant(all.targets)).item();
          tape_.reset();
          return loss;
        });
  }
  [[nodiscard]] std::vector<double> weights() {
    std::vector<double> all;
    for (const NamedParameter& p : parameters(model_))
      for (const double value : p.parameter->value().to_doubles()) all.push_back(value);
    return all;
  }
  [[nodiscard]] int steps() const { return steps_; }

 private:
  static LSTM lstm(Index hidden) {
    LSTMCellOptions options;
    options.dropout = 0.3;
    return LSTM(hidden, options);
  }
  static std::vector<NamedParameter> built(Sequential& model) {
    Builder builder(2, DType::float32, Generator(1));
    model.build(builder);
    return parameters(model);
  }
  static TensorDataset data() {
    Tensor<float> x({examples, 5, 2});
    Tensor<float> y({examples, 1});
    Generator generator(2);
    generator.fill_normal(x.values());
    generator.fill_normal(y.values());
    return {std::move(x), std::move(y)};
  }

  TensorDataset data_ = data();
  Sequential model_;
  Batches batches_;
  Tape tape_;
  Trainer trainer_;
  int steps_ = 0;
  Index in_epoch_ = 0;
};

BOOST_AUTO_TEST_SUITE(resume)

// Killed after each number of steps in turn, in the middle of epochs and at their ends, and resumed: the same bits.
BOOST_AUTO_TEST_CASE(a_resumed_run_ends_with_the_same_bits) {
  Run whole({});
  whole.go();
  for (int stop = 0; stop < whole.steps(); stop += 3) {
    const TemporaryDirectory folder;
    const CheckpointOptions checkpoint{.directory = folder.directory(), .every = 2, .resume = true};
    Run first(checkpoint);
    BOOST_CHECK_THROW(first.go(stop), Stopped);
    Run second(checkpoint);
    second.go();
    BOOST_TEST((second.weights() == whole.weights()), "stopped after " << stop);
    BOOST_TEST(second.steps() == whole.steps());
    Run third(checkpoint);  // of a run that is over
    third.go();
    BOOST_TEST((third.weights() == whole.weights()));
  }
}

BOOST_AUTO_TEST_CASE(without_resume_a_run_begins_anew) {
  const TemporaryDirectory folder;
  Run first({.directory = folder.directory()});
  first.go();
  Run second({.directory = folder.directory()});
  second.go();
  BOOST_TEST(second.steps() == first.steps());
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_another_model_changes_nothing) {
  const TemporaryDirectory folder;
  Run({.directory = folder.directory()}).go();
  Run other({.directory = folder.directory(), .resume = true}, 5);
  const auto before = other.weights();
  BOOST_CHECK_THROW(other.go(), FormatError);
  BOOST_TEST((other.weights() == before));
}

// Which parameters learn may change from epoch to epoch, and is part of a checkpoint.
BOOST_AUTO_TEST_CASE(a_layer_frozen_or_freed_on_the_way_stays_so_after_resuming) {
  for (const bool freezes : {true, false}) {
    const TemporaryDirectory folder;
    const auto weights = [&](const std::string& name, Index last_epoch, bool resume) {
      Sequential model(Dense(4), Dense(1));
      Builder builder(2, DType::float32, Generator(1));
      model.build(builder);
      auto learned = parameters(model);
      const auto set_first = [&](bool trainable) {
        for (std::size_t i = 0; i < 2; ++i) learned[i].parameter->trainable = trainable;
      };
      set_first(freezes);
      Trainer trainer(
          learned, optim::adam({.learning_rate = 0.01}),
          {.epochs = last_epoch, .progress = false, .checkpoint = {.directory = folder.file(name), .resume = resume}});
      trainer.on_epoch_begin = [&](Index epoch) {
        if (epoch == 3) set_first(!freezes);
      };
      Tape tape;
      const auto loss = [&](Tape& t, Index i) {
        const auto v = static_cast<float>(i + 1);
        return mean_squared_error(model(t.constant(Tensor<float>({2, 2}, {v, 1, -1, v}))),
                                  t.constant(Tensor<float>({2, 1}, {1, 2})));
      };
      trainer.fit(tape, 3, loss);
      std::vector<double> all;
      for (const NamedParameter& p : learned)
        for (const double value : p.parameter->value().to_doubles()) all.push_back(value);
      return all;
    };
    const auto whole = weights("whole", 6, false);
    (void)weights("parts", 4, false);
    BOOST_TEST(weights("parts", 6, true) == whole, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
