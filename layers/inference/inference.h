#pragma once

#include <recur/layers/inference/graph.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace recur {

class Sequential;

struct InferenceOptions {
  /// Sequences that are worked on side by side, each with states of its own.
  Index streams = 1;
  /// Weights of products as int8 with a scale for each output, in place of float: a quarter of the memory.
  bool int8 = false;
  /// Time steps that `run` works on together; memory grows with it. 0: 32, or fewer for many streams.
  Index steps = 0;
};

/// A trained model without a tape, to be used step by step: in an audio callback, behind a sensor, in a server.
///
///     Inference inference(model, 1);
///     inference.step(sample, output);
///
/// The model is traced once (trace.h), so that cells and layers of one's own work as built-in ones do; weights are
/// copied, in float, so that the model may change or go away. After construction no member allocates, locks, throws or
/// calls the system, except those that say so. One object serves one thread at a time; several threads share one with a
/// `State` each.
class Inference {
 public:
  /// What a model remembers, and its working memory.
  class State;

  /// Throws ValueError as `trace`, and if what is computed is not what the cells and layers themselves compute: of a
  /// cell, for instance, that looks at the numbers of its input in another way than by operations.
  /// @param features of a step of the input; of no meaning to a model that begins with an Embedding
  Inference(Sequential& model, Index features, const InferenceOptions& options = {});
  explicit Inference(Graph graph, const InferenceOptions& options = {});
  ~Inference();
  Inference(Inference&&) noexcept;
  Inference& operator=(Inference&&) noexcept;

  /// Takes one step. Numbers of stream s begin at s · input_size() and at s · output_size().
  void step(std::span<const float> input, std::span<float> output) noexcept;
  void step(std::span<const float> input, std::span<float> output, State& state) const noexcept;
  /// Takes one step of a model of ids, one id for each stream. An id that the Embedding does not have counts as zeros.
  void step(std::span<const std::int32_t> ids, std::span<float> output) noexcept;
  void step(std::span<const std::int32_t> ids, std::span<float> output, State& state) const noexcept;
  /// Takes all steps of `[streams, time, input_size]`. `output` is `[streams, time, output_size]`, or `[streams,
  /// output_size]` for the last step only. Goes on from the states; `reset` begins anew.
  void run(std::span<const float> input, std::span<float> output) noexcept;
  void run(std::span<const float> input, std::span<float> output, State& state) const noexcept;
  /// For a model of ids: `[streams, time]`.
  void run(std::span<const std::int32_t> ids, std::span<float> output) noexcept;
  void run(std::span<const std::int32_t> ids, std::span<float> output, State& state) const noexcept;

  /// Puts all streams, or one, back to the initial states.
  void reset() noexcept;
  void reset(Index stream) noexcept;
  void reset(State& state) const noexcept;
  void reset(State& state, Index stream) const noexcept;
  /// Copies the states of a stream out or in: `state_size()` numbers, in the order of the model's cells.
  void get_states(Index stream, std::span<float> numbers) const noexcept;
  void set_states(Index stream, std::span<const float> numbers) noexcept;

  /// Allocates memory for other streams than the object's own.
  [[nodiscard]] State make_state() const;

  /// Numbers of a step: features, or 1 for an id.
  [[nodiscard]] Index input_size() const noexcept;
  [[nodiscard]] Index output_size() const noexcept;
  [[nodiscard]] Index state_size() const noexcept;
  [[nodiscard]] Index streams() const noexcept;
  [[nodiscard]] bool takes_ids() const noexcept;
  /// Bytes of the weights, and of a State.
  [[nodiscard]] std::size_t weight_bytes() const noexcept;
  [[nodiscard]] std::size_t state_bytes() const noexcept;
  [[nodiscard]] const Graph& graph() const noexcept;

 private:
  struct Compiled;
  void check() const;
  void take_step(std::span<float> output, const State& state) const noexcept;

  std::unique_ptr<const Compiled> compiled_;
  std::unique_ptr<State> state_;
};

class Inference::State {
 public:
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;
  ~State();

 private:
  friend class Inference;
  struct Memory;
  explicit State(std::unique_ptr<Memory> memory);
  std::unique_ptr<Memory> memory_;
};

/// How far the outputs of two objects are apart that were made from one model: of one with int8 weights from one with
/// float.
struct InferenceDifference {
  double largest = 0;   ///< Largest |a - b|.
  double relative = 0;  ///< √(Σ (a - b)² / Σ b²)
};

/// Runs both from their initial states over `[time, input_size]`, or ids. Allocates.
[[nodiscard]] InferenceDifference compare(const Inference& inference, const Inference& reference,
                                          std::span<const float> inputs);
[[nodiscard]] InferenceDifference compare(const Inference& inference, const Inference& reference,
                                          std::span<const std::int32_t> ids);

}  // namespace recur
