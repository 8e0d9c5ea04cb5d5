#pragma once

#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>
#include <recur/optim/optimizers.h>
#include <recur/train/data/dataset.h>
#include <recur/train/data/stream_batches.h>
#include <recur/train/model/model_trainer.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

// Small problems, and the training of several ranks as one thread does it.
namespace small_training {

using namespace recur;

inline constexpr Index features = 3, time_steps = 5;

inline TensorDataset numbers(Index examples) {
  Tensor<float> x({examples, time_steps, features}), y({examples, 1});
  Generator generator(5);
  generator.fill_normal(x.values());
  generator.fill_normal(y.values());
  return {std::move(x), std::move(y)};
}

inline Sequential model_of(DType dtype = DType::float32, double dropout = 0) {
  LSTMCellOptions cell;
  cell.dropout = dropout;
  Sequential model{LSTM(6, cell), Dense(1)};
  Builder builder(features, dtype, Generator(2));
  model.build(builder);
  return model;
}

inline optim::Optimizer clipped_adam() { return optim::adam({.learning_rate = 0.02, .clip = {.global_norm = 0.5}}); }

inline std::vector<double> values_of(Sequential& model) {
  std::vector<double> all;
  for (const NamedParameter& p : parameters(model))
    for (const double value : p.parameter->value().to_doubles()) all.push_back(value);
  return all;
}

inline double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return a.size() == b.size() ? largest : 1e9;
}

// Sequences of 1 to 9 steps with a target at each.
class Ragged {
 public:
  [[nodiscard]] Index size() const { return 4; }
  [[nodiscard]] PaddedBatch operator[](Index index) const {
    std::vector<Example> sequences;
    Generator generator = Generator(3).fork(static_cast<std::uint64_t>(index));
    for (Index i = 0; i < 7; ++i) {
      const Index steps = 1 + generator.below(9);
      Example one{Tensor<float>({steps, features}), Tensor<float>({steps, 1})};
      generator.fill_normal(one.inputs.values());
      for (float& target : one.targets.values()) target = generator.bernoulli(0.5) ? 1.0F : 0.0F;
      sequences.push_back(std::move(one));
    }
    return pad(sequences);
  }
};

inline Sequential model_of_steps() {
  Sequential model{LSTM(6, {.return_sequences = true}), Dense(1)};
  model.build(features, 2);
  return model;
}

inline Sequential model_of_ids() {
  Sequential model{Embedding(1000, 3), LSTM(5, {.return_sequences = true, .stateful = true, .time_major = true}),
                   Dense(20)};
  model.build(1, 6);
  return model;
}

inline std::vector<std::int32_t> ids(Index count) {
  std::vector<std::int32_t> all(static_cast<std::size_t>(count));
  Generator generator(8);
  for (std::int32_t& id : all) id = static_cast<std::int32_t>(generator.below(20));
  return all;
}

inline StreamBatches streams_of_ids() { return {ids(151), 5, 6}; }

inline double weight_of(const Batch& batch) { return static_cast<double>(batch.inputs.shape()[0]); }
inline double weight_of(const PaddedBatch& batch) { return static_cast<double>(batch.steps()); }
inline double weight_of(const StreamWindow& window) { return static_cast<double>(window.targets.size()); }

// Adds in the arithmetic of the parameters.
inline void add_to(std::vector<double>& sum, const std::vector<double>& addend, DType dtype) {
  if (sum.empty()) sum.assign(addend.size(), -0.0);
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] = dtype == DType::float32 ? double{static_cast<float>(sum[i]) + static_cast<float>(addend[i])}
                                     : sum[i] + addend[i];
}

// Exchanges the states of stateful layers.
inline void swap_states(std::vector<RNN*> layers, std::vector<std::vector<Array>>& states) {
  states.resize(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i]->options().stateful) continue;
    std::vector<Array> own;
    for (const Array& state : layers[i]->states()) own.push_back(state.clone());
    layers[i]->set_options(layers[i]->options());
    if (!states[i].empty()) layers[i]->reset_states(states[i]);
    states[i] = std::move(own);
  }
}

// The parameters after a training of `ranks(step)` ranks, by one thread that computes the gradients of all shares of a
// batch and adds them up in the order of ranks. States begin with zeros in each epoch; with states, the number of ranks
// must not change.
template <class Data>
std::vector<double> by_shares(Sequential& model, Data& data, const std::function<Index(Index step)>& ranks_at,
                              Index epochs, const std::function<Var(Tape&, const views::Element<Data>&)>& loss) {
  auto optimizer = clipped_adam();
  const auto list = parameters(model);
  const DType dtype = list[0].parameter->dtype();
  Tape tape(dtype);
  Index step = 0;
  for (Index epoch = 1; epoch <= epochs; ++epoch) {
    views::start_epoch(data, epoch);
    std::vector<std::vector<std::vector<Array>>> states(16);
    for (Index i = 0; i < data.size(); ++i, ++step) {
      const Index ranks = ranks_at(step);
      const auto batch = data[i];
      std::vector<std::vector<double>> sums(list.size());
      double whole = 0;
      for (Index rank = 0; rank < ranks; ++rank) whole += weight_of(share_of(batch, Share{rank, ranks}));
      for (Index rank = 0; rank < ranks; ++rank) {
        const auto share = share_of(batch, Share{rank, ranks});
        if (batch_rows(share) == 0) continue;
        auto& own = states[static_cast<std::size_t>(rank)];
        swap_states(recurrent_layers(model), own);
        Array seed(Shape{}, dtype);
        seed.fill(weight_of(share) / whole);
        tape.backward(loss(tape, share), seed);
        tape.reset();
        swap_states(recurrent_layers(model), own);
        for (std::size_t p = 0; p < list.size(); ++p) {
          add_to(sums[p], list[p].parameter->gradient.to_doubles(), dtype);
          list[p].parameter->zero_gradient();
        }
      }
      for (std::size_t p = 0; p < list.size(); ++p) list[p].parameter->gradient.assign(sums[p]);
      optimizer.step(list);
    }
    for (RNN* layer : recurrent_layers(model)) layer->set_options(layer->options());
  }
  return values_of(model);
}

template <class Data>
std::vector<double> by_shares(Sequential& model, Data& data, Index ranks, Index epochs,
                              const std::function<Var(Tape&, const views::Element<Data>&)>& loss) {
  return by_shares<Data>(
      model, data, [ranks](Index) { return ranks; }, epochs, loss);
}

// The losses of the three problems, as ModelTrainer computes them.
inline Var squared_error(Sequential& model, Tape& tape, const Batch& batch) {
  return mean_squared_error(model(tape.constant(batch.inputs)), tape.constant(batch.targets));
}
inline Var steps_loss(Sequential& model, Tape& tape, const PaddedBatch& batch) {
  LayerValue input;
  input.value = tape.constant(batch.inputs);
  input.lengths = batch.lengths;
  const bool padded = batch.steps() < batch.inputs.shape()[0] * batch.inputs.shape()[1];
  const Tensor<float> mask = padded ? batch.mask() : Tensor<float>({0});
  return binary_cross_entropy(model.call(input).value, tape.constant(batch.targets), {.weights = mask.values()});
}
inline Var streams_loss(Sequential& model, Tape& tape, const StreamWindow& window) {
  const Index steps = static_cast<Index>(window.inputs.size()) / window.batch;
  return sparse_softmax_cross_entropy(model(tape, window.inputs, {steps, window.batch}), window.targets);
}

}  // namespace small_training
