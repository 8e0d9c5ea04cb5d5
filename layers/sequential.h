#pragma once

#include <recur/layers/any_layer.h>

#include <string>
#include <vector>

namespace recur {

/// Calls layers in order (`tf.keras.Sequential`): `Sequential model{Embedding(100, 16), LSTM(64), Dense(1)}`. A
/// Sequential is a layer. Paths of parameters begin with the layer's name, which is made from its class: `lstm/kernel`,
/// `dense/bias`, `dense_1/bias`.
class Sequential {
 public:
  static constexpr const char* class_name = "Sequential";
  struct Config {
    std::vector<AnyLayer> layers;
    void fields(Fields& f) {
      f.required("layers");
      f("layers", layers);
    }
  };

  /// Throws ValueError if the list is empty or two layers have one name.
  explicit Sequential(std::vector<AnyLayer> layers);
  template <class First, class... Rest>
    requires(Layer<std::remove_cvref_t<First>> && (Layer<std::remove_cvref_t<Rest>> && ...) &&
             (!std::same_as<std::remove_cvref_t<First>, Sequential> || sizeof...(Rest) > 0))
  explicit Sequential(First&& first, Rest&&... rest)
      : Sequential(list_of(std::forward<First>(first), std::forward<Rest>(rest)...)) {}
  template <class First, class... Rest>
    requires(RNNCell<std::remove_cvref_t<First>> || (RNNCell<std::remove_cvref_t<Rest>> || ...))
  explicit Sequential(First&& /*first*/, Rest&&... /*rest*/) {
    static_assert(detail::never<First>, "a cell is not a layer: wrap it in RNN(...), or use LSTM(units) and the like");
  }
  explicit Sequential(Config config) : Sequential(std::move(config.layers)) {}

  /// Returns the layers in order.
  [[nodiscard]] std::vector<AnyLayer>& layers() { return config_.layers; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  void build(Builder& builder);
  /// Builds the model for inputs `[batch, time, features]`, or for ids with any `features`. Equal seeds give equal
  /// parameters.
  void build(Index features, std::uint64_t seed, DType dtype = DType::float32);
  void visit(ParameterVisitor& visitor);
  /// Calls all layers. Initial states and constants go to the first layer that takes states; the states returned are
  /// the final states of the last layer with `return_state`. Throws ValueError if there are initial states or constants
  /// and no layer takes them.
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Var operator()(Var x);
  template <class T>
  Var operator()(const Tensor<T>& /*x*/) {
    static_assert(detail::never<T>, "a model takes a value that is on a tape: model(tape.constant(x))");
    return {};
  }
  /// For a model that begins with an Embedding. @param shape of the ids, `[batch, time]` (`[time, batch]` in front of
  /// layers that are time_major) @param lengths valid steps of each sequence; empty for all
  [[nodiscard]] Var operator()(Tape& tape, std::span<const std::int32_t> ids, Shape shape,
                               std::span<const Index> lengths = {});
  /// Size of the last axis of the input that the model was built for; 0 before.
  [[nodiscard]] Index input_size() const { return input_size_; }
  [[nodiscard]] Index output_size() const { return output_size_; }
  [[nodiscard]] Shape output_shape(Shape input) const;
  [[nodiscard]] Index mask_count() const;
  [[nodiscard]] bool takes_states() const;
  void reset_states();
  [[nodiscard]] std::vector<AnyLayer*> parts();
  [[nodiscard]] Config& config() { return config_; }

 private:
  template <class... L>
  [[nodiscard]] static std::vector<AnyLayer> list_of(L&&... layers) {
    std::vector<AnyLayer> list;
    list.reserve(sizeof...(L));
    (list.emplace_back(std::forward<L>(layers)), ...);
    return list;
  }

  Config config_;
  std::vector<std::string> names_;
  Index input_size_ = 0;
  Index output_size_ = 0;
};

/// Returns all recurrent layers that see the sequence of `model`, nested ones included.
[[nodiscard]] std::vector<RNN*> recurrent_layers(Sequential& model);

/// Returns Keras's default name of a layer: `lstm_cell` for `LSTMCell`, `time_distributed` for `TimeDistributed`.
[[nodiscard]] std::string snake_case(std::string_view class_name);

}  // namespace recur
