#pragma once

#include <recur/layers/cells/stacked_rnn_cells.h>
#include <recur/layers/cells/step_observer.h>
#include <recur/layers/layer_value.h>
#include <recur/layers/recurrent/checkpointing.h>

#include <span>
#include <vector>

namespace recur {

struct DividedUnroll;

/// Options of `RNN`, with Keras's names and defaults.
struct RNNOptions {
  /// Return the output of every step instead of the last output.
  bool return_sequences = false;
  /// Return the final states too.
  bool return_state = false;
  /// Process the steps from last to first. Returned sequences are in the order of processing.
  bool go_backwards = false;
  /// Start from the final states of the previous call. No gradient flows across calls. The batch size must not change
  /// between calls.
  bool stateful = false;
  /// Has no effect: the tape holds every step in any case. Accepted because Keras has it.
  bool unroll = false;
  /// Inputs, masks and sequences are `[time, batch, …]` rather than `[batch, time, …]`.
  bool time_major = false;
  /// Return zeros for masked steps instead of the output of the step before.
  bool zero_output_for_mask = false;
  /// Penalty on the output. Returned as `RNNResult::penalty`; add it to the loss.
  Regularizer activity_regularizer{};
  /// Which activations are kept for the backward pass and which are computed again. Not part of a config, as it changes
  /// no result.
  Checkpointing checkpoint{};

  void fields(Fields& f);
};

/// Optional arguments of a call of `RNN`.
struct RNNCall {
  /// `[batch, time]` (`[time, batch]` if time_major), 0 where a step is to be skipped: states are carried over.
  Var mask{};
  /// Number of valid steps of each sequence, instead of a mask: no work is done beyond them, outputs there are zeros,
  /// and `go_backwards` starts at each sequence's last valid step. An empty sequence keeps its initial state; not all
  /// may be empty.
  std::span<const Index> lengths{};
  /// Initial states, `[batch, size]` each, in the order of the cell's `state_size`. Empty for zeros.
  std::span<const Var> initial_state{};
  /// Values given to every step of cells with `takes_constants`.
  std::span<const Var> constants{};
  /// Dropout masks to use instead of drawn masks, in cell order, each cell's input masks first.
  std::span<const Var> dropout_masks{};
};

struct RNNResult {
  /// `[batch, units]`, or with return_sequences `[batch, time, units]`.
  Var output;
  /// With return_state the final states, in the order of the cell's `state_size`.
  std::span<const Var> states;
  /// Penalty of the activity regularizers of the RNN and its cells. Add it to the loss. Undefined if there are none.
  Var penalty;
};

/// Runs a cell over the steps of a sequence, recording everything for backpropagation through time
/// (`tf.keras.layers.RNN`). A stack is run cell by cell, so that each cell's product with its input is one product for
/// all steps.
class RNN {
 public:
  static constexpr const char* class_name = "RNN";
  struct Config {
    AnyCell cell;
    RNNOptions options;
    void fields(Fields& f) {
      f.required("cell");
      f("cell", cell);
      options.fields(f);
    }
  };
  /// Fields of the config of an existing RNN.
  class ConfigView {
   public:
    explicit ConfigView(RNN& rnn) : rnn_(rnn) {}
    void fields(Fields& f) {
      f("cell", rnn_.cell_);
      rnn_.options_.fields(f);
    }

   private:
    RNN& rnn_;
  };

  explicit RNN(Config config) : RNN(std::move(config.cell), config.options) {}
  explicit RNN(AnyCell cell, RNNOptions options = {});
  /// Makes StackedRNNCells of a list of cells.
  explicit RNN(std::vector<AnyCell> cells, RNNOptions options = {});
  /// Copies parameters, options and stored states. The copy has no observer.
  RNN(const RNN& other);
  RNN(RNN&&) = default;
  RNN& operator=(RNN&&) = default;
  ~RNN() = default;

  void build(Builder& builder);
  void visit(ParameterVisitor& visitor) { cell_->visit(visitor); }

  /// x: `[batch, time, features]`. @throws ShapeError for another rank, no time steps, or states that do not fit;
  /// ValueError for mask and lengths together, lengths outside [0, time], constants that no cell takes.
  [[nodiscard]] RNNResult call(Var x, const RNNCall& call = {});
  /// Calls the RNN as a layer of a model. Mask, lengths, states and constants of `input` are used and passed on as in
  /// Keras.
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Var operator()(Var x, const RNNCall& inputs = {}) { return call(x, inputs).output; }

  /// Sets the states of a stateful RNN to zero. Throws StateError if the RNN is not stateful.
  void reset_states();
  /// Sets the states of a stateful RNN to `states`, `[batch, units]` each. Throws StateError if the RNN is not
  /// stateful, ShapeError if shapes differ.
  void reset_states(std::span<const Array> states);
  /// Returns the stored states; empty before the first call.
  [[nodiscard]] std::span<const Array> states() const { return stored_; }

  /// Makes every later call inform `observer` after each step. Null ends it. See train/callbacks/diagnostics.h.
  void observe(StepObserver* observer) { observer_ = observer; }

  [[nodiscard]] const AnyCell& cell() const { return cell_; }
  [[nodiscard]] Index output_size() const { return cell_->output_size(); }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return options_.return_sequences ? input.with(2, output_size())
                                     : Shape{input[options_.time_major ? 1 : 0], output_size()};
  }
  [[nodiscard]] Index mask_count() const { return cell_->mask_count(); }
  [[nodiscard]] static constexpr bool takes_states() { return true; }
  [[nodiscard]] const RNNOptions& options() const { return options_; }
  /// Replaces the options and forgets stored states.
  void set_options(const RNNOptions& options) {
    options_ = options;
    stored_.clear();
  }
  [[nodiscard]] ConfigView config() { return ConfigView(*this); }

 private:
  [[nodiscard]] Var unroll_whole(const DividedUnroll& run, std::span<Var> states, const RNNCall& inputs);
  [[nodiscard]] std::span<Var> start(Tape& tape, Index batch, const RNNCall& inputs);
  [[nodiscard]] std::span<const Var> dropout_masks(Tape& tape, Index batch, const RNNCall& inputs);
  [[nodiscard]] std::span<const Var> prepared(Tape& tape, std::span<const Var> constants);
  void check_state(std::size_t i, const Shape& shape, Index batch) const;
  void store(std::span<const Var> states);

  AnyCell cell_;
  RNNOptions options_;
  std::vector<Index> state_sizes_;
  std::vector<Array> stored_;
  StepObserver* observer_ = nullptr;
  Index weights_ = 0;  // elements of all parameters of the cell
};

}  // namespace recur
