#pragma once

#include <recur/layers/any_layer.h>
#include <recur/layers/recurrent/rnn.h>

#include <string>
#include <type_traits>

namespace recur {

/// Two RNNs over one sequence, the second from last to first step, with merged outputs
/// (`tf.keras.layers.Bidirectional`). The output sequence of the second is reversed before merging. With
/// return_sequences, masked outputs of both are zeros. States, initial states and dropout masks are the forward RNN's,
/// then the backward RNN's.
class Bidirectional {
 public:
  static constexpr const char* class_name = "Bidirectional";
  struct Config {
    AnyLayer layer;
    /// The backward RNN. If empty, a copy of `layer` with `go_backwards` is made from its config.
    AnyLayer backward_layer;
    /// How to merge: `concat`, `sum`, `mul`, `ave`; empty (null in a config) for two outputs.
    std::string merge_mode = "concat";
    void fields(Fields& f);
  };

  /// Throws ValueError unless both are RNNs, exactly one of them goes backwards, and return_sequences, return_state,
  /// stateful and time_major are equal; or if merge_mode is unknown.
  explicit Bidirectional(Config config);
  Bidirectional(RNN forward, RNN backward, std::string merge_mode = "concat");
  /// Makes both directions with a function that makes a cell: `Bidirectional([] { return LSTMCell(64); })`.
  template <class Make>
    requires std::is_invocable_v<const Make&>
  explicit Bidirectional(const Make& make_cell, RNNOptions options = {}, std::string merge_mode = "concat")
      : Bidirectional(RNN(AnyCell(make_cell()), options), RNN(AnyCell(make_cell()), flipped(options)),
                      std::move(merge_mode)) {}

  /// Returns `options` with `go_backwards` negated.
  [[nodiscard]] static RNNOptions flipped(RNNOptions options) {
    options.go_backwards = !options.go_backwards;
    return options;
  }

  void build(Builder& builder);
  void visit(ParameterVisitor& visitor);
  /// Calls both RNNs. Without merging, the two outputs are `value` and `backward`.
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Var operator()(Var x, const RNNCall& inputs = {});
  [[nodiscard]] Index output_size() const;
  [[nodiscard]] Shape output_shape(const Shape& input) const;
  [[nodiscard]] Index mask_count() const { return config_.layer->mask_count() + config_.backward_layer->mask_count(); }
  [[nodiscard]] static constexpr bool takes_states() { return true; }
  void reset_states();
  [[nodiscard]] std::vector<AnyLayer*> parts() { return {&config_.layer, &config_.backward_layer}; }
  [[nodiscard]] static constexpr bool looks_ahead() { return true; }
  [[nodiscard]] Config& config() { return config_; }

 private:
  [[nodiscard]] Var merge(Var forward, Var backward) const;

  Config config_;
  RNNOptions options_;  // of the forward RNN
};

}  // namespace recur
