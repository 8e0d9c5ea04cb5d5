#include <recur/layers/conv1d.h>

#include <recur/framework/ops/conv1d.h>
#include <recur/layers/sliding_steps.h>

namespace recur {

void padding_field(Fields& f, const char* layer, Padding& padding) {
  std::string name = padding == Padding::valid ? "valid" : padding == Padding::same ? "same" : "causal";
  f("padding", name);
  padding = padding_by_name(layer, name);
}

void size_field(Fields& f, const char* key, Index& size) {
  int number = static_cast<int>(size);
  f.axis(key, number);
  size = number;
}

void layout_field(Fields& f, const char* layer) {
  if (!f.reading()) return;
  std::string layout = "channels_last";
  f("data_format", layout);
  require<ValueError>(layout == "channels_last", "{}: data_format '{}', only channels_last is supported", layer,
                      layout);
}

void Conv1DOptions::fields(Fields& f) {
  size_field(f, "strides", strides);
  padding_field(f, "Conv1D", padding);
  layout_field(f, "Conv1D");
  size_field(f, "dilation_rate", dilation_rate);
  if (f.reading()) {
    int groups = 1;
    f("groups", groups);
    require<ValueError>(groups == 1, "Conv1D: {} groups, only 1 is supported", groups);
  }
  f("activation", activation);
  f("use_bias", use_bias);
  f("kernel_initializer", kernel_initializer);
  f("bias_initializer", bias_initializer);
  f("kernel_regularizer", kernel_regularizer);
  f("bias_regularizer", bias_regularizer);
  f("activity_regularizer", activity_regularizer);
  f("kernel_constraint", kernel_constraint);
  f("bias_constraint", bias_constraint);
  f("time_major", time_major);
}

void Conv1D::Config::fields(Fields& f) {
  f.required("filters");
  f("filters", filters);
  f.required("kernel_size");
  size_field(f, "kernel_size", kernel_size);
  options.fields(f);
}

Conv1D::Conv1D(Index filters, Index kernel_size, Conv1DOptions options)
    : filters_(filters), kernel_size_(kernel_size), options_(std::move(options)) {
  require<ValueError>(filters >= 1, "Conv1D: filters must be at least 1, got {}", filters);
  (void)windows_of("Conv1D", 1, kernel_size, options_.strides, options_.dilation_rate, options_.padding);
}

void Conv1D::build(Builder& build) {
  const Conv1DOptions& o = options_;
  build(kernel, {kernel_size_, build.input_size, filters_}, o.kernel_initializer, o.kernel_regularizer,
        o.kernel_constraint);
  if (o.use_bias) build(bias, {filters_}, o.bias_initializer, o.bias_regularizer, o.bias_constraint);
}

LayerValue Conv1D::call(const LayerValue& input) {
  const SlidingSteps steps("Conv1D", input, options_.time_major);
  const SlidingWindows windows = fitting_windows("Conv1D", steps.steps(), kernel_size_, options_.strides,
                                                 options_.dilation_rate, options_.padding);
  Tape& tape = input.value.tape();
  const Var weights = tape.leaf(kernel);
  require(steps.batch_major().cols() == weights.shape()[1],
          "Conv1D: input {} of a layer that was built for {} features", input.value.shape(), weights.shape()[1]);
  const Var y =
      conv1d(steps.batch_major(), weights, options_.use_bias ? tape.leaf(bias) : Var(), windows, steps.counted());
  LayerValue output = steps.output(options_.activation(y), windows, options_.padding);
  if (options_.activity_regularizer) output.penalty = options_.activity_regularizer(output.value);
  return output;
}

Var Conv1D::operator()(Var x) {
  LayerValue input;
  input.value = x;
  return call(input).value;
}

Shape Conv1D::output_shape(const Shape& input) const {
  const Conv1DOptions& o = options_;
  const Index steps = input[o.time_major ? 0 : 1];
  return sliding_shape(input, filters_, o.time_major,
                       fitting_windows("Conv1D", steps, kernel_size_, o.strides, o.dilation_rate, o.padding).count);
}

bool Conv1D::looks_ahead() const {
  return options_.strides > 1 || (kernel_size_ > 1 && options_.padding != Padding::causal);
}

}  // namespace recur
