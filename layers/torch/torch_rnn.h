#pragma once

#include <recur/layers/any_layer.h>
#include <recur/layers/recurrent/rnn.h>

#include <map>
#include <string>
#include <vector>

namespace recur {

/// The arguments of `torch.nn.LSTM`, `GRU` and `RNN`, with PyTorch's names and defaults.
struct TorchOptions {
  Index input_size = 0;
  Index hidden_size = 0;
  Index num_layers = 1;
  bool bias = true;
  bool batch_first = false;
  /// Between layers, not after the last.
  double dropout = 0;
  bool bidirectional = false;
  /// LSTM only: size of the projected output; 0 for none.
  Index proj_size = 0;
  /// RNN only: `tanh` or `relu`.
  std::string nonlinearity = "tanh";
};

struct TorchResult {
  /// `[time, batch, directions·size]`, or with batch_first `[batch, time, …]`.
  Var output;
  /// h_n, and for an LSTM c_n: `[layers·directions, batch, size]`.
  std::span<const Var> states;
};

/// PyTorch's recurrent layers, made of this library's cells: several layers, each in one or two directions. Weights
/// have PyTorch's two biases, start uniform in ±1/√hidden_size as there, and can be exchanged under PyTorch's names.
class TorchLayers {
 public:
  enum class Kind { lstm, gru, rnn };

  /// @throws ValueError for sizes < 1, a dropout outside [0, 1), or an option of another kind.
  TorchLayers(Kind kind, TorchOptions options);

  /// @throws ShapeError when the builder's input size is not `input_size`.
  void build(Builder& builder);
  void visit(ParameterVisitor& visitor);
  /// @param initial_state h_0, and for an LSTM c_0, in the shapes of `TorchResult::states`; empty for zeros
  /// @param lengths number of steps of each sequence, in any order; outputs beyond are zeros, final states are those
  /// at each sequence's end
  /// @param dropout_masks masks to use instead of drawn masks, also outside training: one for each layer but the last,
  /// in the shape of the output
  /// x is `[time, batch, input_size]`, or `[batch, time, input_size]` with batch_first; without a batch, as in PyTorch,
  /// `[time, input_size]`. Throws ShapeError for other shapes.
  [[nodiscard]] TorchResult call(Var x, std::span<const Var> initial_state = {}, std::span<const Index> lengths = {},
                                 std::span<const Var> dropout_masks = {});
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Index output_size() const;
  /// Dropout masks a call uses.
  [[nodiscard]] Index mask_count() const { return options_.dropout > 0 ? options_.num_layers - 1 : 0; }
  [[nodiscard]] static constexpr bool takes_states() { return true; }
  [[nodiscard]] bool looks_ahead() const { return options_.bidirectional; }
  [[nodiscard]] const TorchOptions& options() const { return options_; }
  /// Layer by layer, the forward one before the backward one.
  [[nodiscard]] std::span<RNN> rnns() { return rnns_; }

  /// All weights under PyTorch's names (`weight_ih_l0`, `bias_hh_l1_reverse`, `weight_hr_l0`), in its layout and order.
  [[nodiscard]] std::vector<std::pair<std::string, Array>> state_dict();
  /// The gradients of the same.
  [[nodiscard]] std::vector<std::pair<std::string, Array>> gradient_dict();
  /// @throws ValueError for missing and unexpected names, ShapeError for other shapes; nothing is changed then.
  void load_state_dict(const std::map<std::string, Array>& weights);

 private:
  struct Weight;
  [[nodiscard]] Var drop(Var x, std::span<const Var> masks, Index layer) const;
  [[nodiscard]] AnyCell make_cell() const;
  [[nodiscard]] std::vector<Weight> weights();
  [[nodiscard]] Index directions() const { return options_.bidirectional ? 2 : 1; }
  [[nodiscard]] Var run_layer(Index layer, Var x, const TorchResult& before, std::span<const Index> lengths,
                              std::span<Var> final_states);

  Kind kind_;
  TorchOptions options_;
  std::vector<RNN> rnns_;  // layer by layer, forward before backward
};

/// `torch.nn.LSTM` and so on: `TorchLayer<TorchLayers::Kind::lstm>`.
template <TorchLayers::Kind K>
class TorchLayer : public TorchLayers {
 public:
  static constexpr const char* class_name =
      K == Kind::lstm ? "torch.nn.LSTM" : (K == Kind::gru ? "torch.nn.GRU" : "torch.nn.RNN");
  struct Config {
    TorchOptions options;
    void fields(Fields& f) {
      for (const char* key : {"input_size", "hidden_size"}) f.required(key);
      f("input_size", options.input_size);
      f("hidden_size", options.hidden_size);
      f("num_layers", options.num_layers);
      f("bias", options.bias);
      f("batch_first", options.batch_first);
      f("dropout", options.dropout);
      f("bidirectional", options.bidirectional);
      if constexpr (K == Kind::lstm) f("proj_size", options.proj_size);
      if constexpr (K == Kind::rnn) f("nonlinearity", options.nonlinearity);
      f.only_null("device");
    }
  };

  explicit TorchLayer(TorchOptions options) : TorchLayers(K, std::move(options)) {}
  explicit TorchLayer(Config config) : TorchLayers(K, std::move(config.options)) {}
  [[nodiscard]] Config config() const { return {options()}; }
};

/// `torch.nn.LSTM`, `torch.nn.GRU` and `torch.nn.RNN`.
using TorchLSTM = TorchLayer<TorchLayers::Kind::lstm>;
using TorchGRU = TorchLayer<TorchLayers::Kind::gru>;
using TorchRNN = TorchLayer<TorchLayers::Kind::rnn>;

}  // namespace recur
