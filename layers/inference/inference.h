#pragma once

#include <recur/layers/inference/graph.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace recur {

class Sequential;

struct InferenceOptions {
  /// Number of sequences that are processed in parallel, each with states of its own.
  Index streams = 1;
  /// Stores weights of products as int8 with a scale for each output: a quarter of the memory of float.
  bool int8 = false;
  /// Number of time steps that `run` computes together; memory grows with it. 0: 32, or fewer for many streams.
  Index steps = 0;
};

/// Runs a trained model without a tape, step by step, for example in an audio callback or a server.
///
///     Inference inference(model, 1);
///     inference.step(sample, output);
///
/// The constructor traces the model once (trace.h), so your own cells and layers work as built-in ones do, and copies
/// its weights in float, so the model may change or be destroyed afterwards. Later no member allocates, locks, throws
/// or calls the system, unless its docstring says so. One thread at a time may use an object; several threads share an
/// object if each has a `State` of its own.
class Inference {
 public:
  /// The states of a model and its scratch memory.
  class State;

  /// `features` is the number of features of a time step; it is ignored for a model that begins with an Embedding.
  /// Throws ValueError as `trace` does, and if results differ from those of the cells and layers themselves, as for a
  /// cell that reads numbers of its input outside of operations.
  Inference(Sequential& model, Index features, const InferenceOptions& options = {});
  explicit Inference(Graph graph, const InferenceOptions& options = {});
  ~Inference();
  Inference(Inference&&) noexcept;
  Inference& operator=(Inference&&) noexcept;

  /// Computes one time step of all streams. The numbers of stream s begin at s · input_size() in `input` and at s ·
  /// output_size() in `output`.
  void step(std::span<const float> input, std::span<float> output) noexcept;
  void step(std::span<const float> input, std::span<float> output, State& state) const noexcept;
  /// Computes one time step of a model of ids, with one id for each stream. An id that is not in the Embedding gives
  /// zeros.
  void step(std::span<const std::int32_t> ids, std::span<float> output) noexcept;
  void step(std::span<const std::int32_t> ids, std::span<float> output, State& state) const noexcept;
  /// Computes all steps of `input`, `[streams, time, input_size]`. `output` is `[streams, time, output_size]`, or
  /// `[streams, output_size]` for the last step only. Continues from the present states; call `reset` to begin a new
  /// sequence.
  void run(std::span<const float> input, std::span<float> output) noexcept;
  void run(std::span<const float> input, std::span<float> output, State& state) const noexcept;
  /// Computes all steps of ids, `[streams, time]`, for a model of ids.
  void run(std::span<const std::int32_t> ids, std::span<float> output) noexcept;
  void run(std::span<const std::int32_t> ids, std::span<float> output, State& state) const noexcept;

  /// Sets the states of all streams, or of one, to their initial values.
  void reset() noexcept;
  void reset(Index stream) noexcept;
  void reset(State& state) const noexcept;
  void reset(State& state, Index stream) const noexcept;
  /// Copies the states of a stream to or from `numbers`: `state_size()` numbers, in the order of the model's cells.
  void get_states(Index stream, std::span<float> numbers) const noexcept;
  void set_states(Index stream, std::span<const float> numbers) noexcept;

  /// Makes a further State, with initial states, for other streams or another thread. Allocates.
  [[nodiscard]] State make_state() const;

  /// Return how many numbers a time step has at the input (1 for an id), at the output, and in the states.
  [[nodiscard]] Index input_size() const noexcept;
  [[nodiscard]] Index output_size() const noexcept;
  [[nodiscard]] Index state_size() const noexcept;
  [[nodiscard]] Index streams() const noexcept;
  [[nodiscard]] bool takes_ids() const noexcept;
  /// Return the bytes of the weights, and of a State.
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

/// The difference between outputs of two Inference objects of one model, for example with int8 and with float weights.
struct InferenceDifference {
  double largest = 0;   ///< Largest |a - b|.
  double relative = 0;  ///< √(Σ (a - b)² / Σ b²)
};

/// Runs both objects from their initial states over `[time, input_size]`, or ids, and compares their outputs.
/// Allocates.
[[nodiscard]] InferenceDifference compare(const Inference& inference, const Inference& reference,
                                          std::span<const float> inputs);
[[nodiscard]] InferenceDifference compare(const Inference& inference, const Inference& reference,
                                          std::span<const std::int32_t> ids);

}  // namespace recur
