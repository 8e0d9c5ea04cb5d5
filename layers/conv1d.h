#pragma once

#include <recur/framework/ops/sliding_windows.h>
#include <recur/layers/activation.h>
#include <recur/layers/any_layer.h>

namespace recur {

struct Conv1DOptions {
  /// Steps from one window to the next.
  Index strides = 1;
  Padding padding = Padding::valid;
  /// Steps from one tap of a window to the next.
  Index dilation_rate = 1;
  Activation activation = Activation::linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer{};
  Regularizer bias_regularizer{};
  /// Penalty on the output.
  Regularizer activity_regularizer{};
  Constraint kernel_constraint{};
  Constraint bias_constraint{};
  /// Input and output are `[time, batch, …]`.
  bool time_major = false;

  void fields(Fields& f);
};

/// Convolution over time (`tf.keras.layers.Conv1D`), `[batch, time, features]` → `[batch, windows, filters]`:
/// y[t] = act(bias + Σₖ x[t·strides + k·dilation_rate - padding]·kernel[k]).
///
/// Steps that a mask or lengths leave out are read as zeros, so that padding does not reach steps that count. Lengths
/// and mask of the output say which of its steps count (sliding_steps.h). With padding `same` and strides, the padding
/// of a batch is that of its longest sequence, as in Keras.
class Conv1D {
 public:
  static constexpr const char* class_name = "Conv1D";
  struct Config {
    Index filters = 0;
    Index kernel_size = 0;
    Conv1DOptions options;
    void fields(Fields& f);
  };

  /// Throws ValueError if filters, kernel_size, strides or dilation_rate is below 1.
  Conv1D(Index filters, Index kernel_size, Conv1DOptions options = {});
  explicit Conv1D(Config config) : Conv1D(config.filters, config.kernel_size, std::move(config.options)) {}

  Parameter kernel{"kernel"};  ///< `[kernel_size, features, filters]`
  Parameter bias{"bias"};

  void build(Builder& build);
  void visit(ParameterVisitor& visitor) { visitor(kernel, bias); }
  /// Throws ShapeError unless the input has three axes and steps enough for a window.
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Var operator()(Var x);
  [[nodiscard]] Index output_size() const { return filters_; }
  [[nodiscard]] Shape output_shape(const Shape& input) const;
  /// Returns false if padding is causal and every step of the input has one of the output.
  [[nodiscard]] bool looks_ahead() const;
  [[nodiscard]] Config config() const { return {filters_, kernel_size_, options_}; }
  [[nodiscard]] Index kernel_size() const { return kernel_size_; }
  [[nodiscard]] const Conv1DOptions& options() const { return options_; }

 private:
  Index filters_;
  Index kernel_size_;
  Conv1DOptions options_;
};

/// Reads or writes a padding by its Keras name. Throws ValueError, beginning with `layer`, for an unknown name.
void padding_field(Fields& f, const char* layer, Padding& padding);
/// Reads or writes a size, which Keras also writes as a list of one.
void size_field(Fields& f, const char* key, Index& size);
/// Reads the layout of inputs. Throws ValueError, beginning with `layer`, for another one than channels_last.
void layout_field(Fields& f, const char* layer);

}  // namespace recur
