#pragma once

#include <recur/framework/tensor/type_id.h>
#include <recur/layers/cells/cell.h>
#include <recur/layers/layer_value.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace recur {

class AnyLayer;
class RNN;

/// The interface of a layer of any class. `AnyLayer` implements it for each class it holds.
class LayerInterface {
 public:
  virtual ~LayerInterface() = default;
  virtual void build(Builder& builder) = 0;
  virtual void visit(ParameterVisitor& visitor) = 0;
  [[nodiscard]] virtual LayerValue call(const LayerValue& input) = 0;
  /// Returns the size of the last axis of the output for an input whose last axis has `input_size`.
  [[nodiscard]] virtual Index output_size(Index input_size) const = 0;
  [[nodiscard]] virtual Shape output_shape(const Shape& input) const = 0;
  /// Returns how many masks the layer takes from `LayerValue::dropout_masks`.
  [[nodiscard]] virtual Index mask_count() const = 0;
  /// Returns true if the layer uses initial states and constants of a `LayerValue`.
  [[nodiscard]] virtual bool takes_states() const = 0;
  /// Penalty on the layer's output, added to `LayerValue::penalty`. For layers without an option
  /// `activity_regularizer`.
  Regularizer activity_regularizer{};
  /// Returns the layers inside this layer, in the order of their parameters.
  [[nodiscard]] virtual std::vector<AnyLayer*> parts() = 0;
  /// Returns true if an output step may depend on later steps of the input.
  [[nodiscard]] virtual bool looks_ahead() = 0;
  /// Returns true if the layer calls its parts for each time step alone, so that they do not see the model's sequence.
  [[nodiscard]] virtual bool distributes_time() const = 0;
  /// Forgets the states of stateful layers.
  virtual void reset_states() = 0;
  [[nodiscard]] virtual std::string_view class_name() const = 0;
  virtual void fields(Fields& fields) = 0;
  /// Returns the layer as an RNN; null if it is no RNN.
  [[nodiscard]] virtual RNN* rnn() = 0;
  [[nodiscard]] virtual detail::TypeId type() const = 0;
  [[nodiscard]] virtual void* object() = 0;
};

namespace detail {

template <class L>
concept CallsValues = requires(L& layer, Var x) {
  { layer(x) } -> std::convertible_to<Var>;
};
template <class L>
concept CallsLayerValues = requires(L& layer, const LayerValue& x) {
  { layer.call(x) } -> std::same_as<LayerValue>;
};

}  // namespace detail

/// A layer is a class with `Var operator()(Var)`, or with `LayerValue call(const LayerValue&)` if it uses masks,
/// lengths, ids or states. It may also have `build`, `visit`, `output_size()`, `output_shape(input)`, `mask_count()`,
/// `takes_states()`, `reset_states()`, `parts()`, `looks_ahead()`, `static constexpr bool distributes_time`.
template <class L>
concept Layer = detail::CallsValues<L> || detail::CallsLayerValues<L>;

namespace detail {
template <class L>
class LayerAdapter;
}

/// Holds a layer of any class, so that a list of layers can be made at run time.
class AnyLayer {
 public:
  /// Holds no layer until one is assigned.
  AnyLayer() = default;
  template <class L>
    requires(!std::same_as<std::remove_cvref_t<L>, AnyLayer>)
  // NOLINTNEXTLINE(google-explicit-constructor,bugprone-forwarding-reference-overload): every layer is one.
  AnyLayer(L&& layer)
      : layer_(std::make_unique<detail::LayerAdapter<std::remove_cvref_t<L>>>(std::forward<L>(layer))),
        copy_(&detail::copied<detail::LayerAdapter<std::remove_cvref_t<L>>, LayerInterface>) {
    static_assert(!(std::is_lvalue_reference_v<L> && detail::HasParameters<std::remove_cvref_t<L>>),
                  "a layer with parameters is moved, `std::move(layer)`, or copied by name, `Layer(layer)`");
  }
  /// Copies the layer with its parameters and states. Throws StateError for a class without copy constructor.
  explicit AnyLayer(const AnyLayer& other)
      : common(other.common), layer_(other.empty() ? nullptr : other.copy_(*other.layer_)), copy_(other.copy_) {}
  AnyLayer(AnyLayer&&) = default;
  AnyLayer& operator=(AnyLayer&&) = default;
  ~AnyLayer() = default;

  [[nodiscard]] bool empty() const { return layer_ == nullptr; }
  [[nodiscard]] LayerInterface* operator->() const { return layer_.get(); }
  [[nodiscard]] LayerInterface& operator*() const { return *layer_; }
  void build(Builder& builder) { common.build(*layer_, builder); }
  void visit(ParameterVisitor& visitor) const { layer_->visit(visitor); }
  /// Returns the layer as an L. Throws ValueError if it was made from another class.
  template <class L>
  [[nodiscard]] L& as() const {
    require<ValueError>(layer_->type() == detail::TypeId::of<L>(), "AnyLayer::as: the layer is a {}",
                        layer_->class_name());
    return *static_cast<L*>(layer_->object());
  }

  CommonConfig common;

 private:
  std::unique_ptr<LayerInterface> layer_;
  std::unique_ptr<LayerInterface> (*copy_)(const LayerInterface&) = nullptr;
};

namespace detail {

template <class L>
class LayerAdapter final : public LayerInterface {
  static_assert(Layer<L>, "not a layer: it needs `Var operator()(Var)` or `LayerValue call(const LayerValue&)`");
  static_assert(ShowsParameters<L>,
                "not a layer: it has `build` but no `visit(ParameterVisitor&)`, which names its parameters to "
                "optimizers and files");

 public:
  explicit LayerAdapter(L layer) : layer_(std::move(layer)) {}

  void build(Builder& builder) override {
    if constexpr (requires { layer_.build(builder); }) layer_.build(builder);
  }
  void visit(ParameterVisitor& visitor) override {
    if constexpr (requires { layer_.visit(visitor); }) layer_.visit(visitor);
  }
  LayerValue call(const LayerValue& input) override {
    LayerValue output = call_layer(input);
    if (activity_regularizer) {
      add_penalty(output.penalty, activity_regularizer(output.value));
      if (output.backward.defined()) add_penalty(output.penalty, activity_regularizer(output.backward));
    }
    return output;
  }
  [[nodiscard]] bool takes_states() const override {
    if constexpr (requires { layer_.takes_states(); }) return layer_.takes_states();
    else return false;
  }
  [[nodiscard]] Index output_size(Index input_size) const override {
    if constexpr (requires { layer_.output_size(); }) return layer_.output_size();
    else return input_size;
  }
  [[nodiscard]] Shape output_shape(const Shape& input) const override {
    if constexpr (requires { layer_.output_shape(input); }) return layer_.output_shape(input);
    else return input.with(-1, output_size(input.cols()));
  }
  [[nodiscard]] Index mask_count() const override {
    if constexpr (requires { layer_.mask_count(); }) return layer_.mask_count();
    else return 0;
  }
  [[nodiscard]] std::vector<AnyLayer*> parts() override {
    if constexpr (requires { layer_.parts(); }) return layer_.parts();
    else return {};
  }
  [[nodiscard]] bool distributes_time() const override {
    if constexpr (requires { L::distributes_time; }) return L::distributes_time;
    else return false;
  }
  [[nodiscard]] bool looks_ahead() override {
    if constexpr (std::derived_from<L, RNN>) {
      if (layer_.options().go_backwards) return true;
    } else if constexpr (requires { layer_.looks_ahead(); }) {
      if (layer_.looks_ahead()) return true;
    }
    if (distributes_time()) return false;
    const std::vector<AnyLayer*> own = parts();
    return std::any_of(own.begin(), own.end(), [](const AnyLayer* part) { return (*part)->looks_ahead(); });
  }
  void reset_states() override {
    if constexpr (std::derived_from<L, RNN>) {
      if (layer_.options().stateful) layer_.reset_states();
    } else if constexpr (requires { layer_.reset_states(); }) {
      layer_.reset_states();
    }
  }
  [[nodiscard]] std::string_view class_name() const override {
    if constexpr (requires { L::class_name; }) return L::class_name;
    else return "layer";
  }
  void fields([[maybe_unused]] Fields& fields) override {
    if constexpr (requires { layer_.config().fields(fields); }) layer_.config().fields(fields);
  }
  [[nodiscard]] RNN* rnn() override {
    if constexpr (std::derived_from<L, RNN>) return &layer_;
    else return nullptr;
  }
  [[nodiscard]] TypeId type() const override { return TypeId::of<L>(); }
  [[nodiscard]] void* object() override { return &layer_; }

 private:
  LayerValue call_layer(const LayerValue& input) {
    if constexpr (CallsLayerValues<L>) {
      return layer_.call(input);
    } else {
      require<ValueError>(!input.is_ids(), "{}: the input is ids; an Embedding must come first", class_name());
      LayerValue output;
      output.value = layer_(input.value);
      output.mask = input.mask;
      output.lengths = input.lengths;
      return output;
    }
  }

  L layer_;
};

}  // namespace detail

/// Returns `model` and all layers inside it, nested ones included, in the order of their parameters.
[[nodiscard]] std::vector<AnyLayer*> all_layers(AnyLayer& model);
/// Returns the layers that see the model's sequence: all but the layers inside a TimeDistributed.
[[nodiscard]] std::vector<AnyLayer*> sequence_layers(AnyLayer& model);
/// Returns the recurrent layers among `sequence_layers(model)`.
[[nodiscard]] std::vector<RNN*> recurrent_layers(AnyLayer& model);

}  // namespace recur
