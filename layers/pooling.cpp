#include <recur/layers/pooling.h>

#include <recur/framework/ops/pool1d.h>
#include <recur/framework/ops/reshape.h>
#include <recur/layers/conv1d.h>
#include <recur/layers/sliding_steps.h>

namespace recur {

void PoolingOptions::fields(Fields& f, const char* layer) {
  size_field(f, "pool_size", pool_size);
  if (strides == 0 && !f.reading()) strides = pool_size;
  size_field(f, "strides", strides);
  padding_field(f, layer, padding);
  layout_field(f, layer);
  f("time_major", time_major);
}

namespace detail {

Pooling1D::Pooling1D(const char* layer, const PoolingOptions& options) : layer_(layer), options_(options) {
  require<ValueError>(options.padding != Padding::causal, "{}: padding 'causal', must be valid or same", layer);
  if (options_.strides == 0) options_.strides = options_.pool_size;
  (void)windows_of(layer, 1, options_.pool_size, options_.strides, 1, options_.padding);
}

SlidingWindows Pooling1D::windows(Index steps) const {
  return fitting_windows(layer_, steps, options_.pool_size, options_.strides, 1, options_.padding);
}

Shape Pooling1D::output_shape(const Shape& input) const {
  return sliding_shape(input, input.cols(), options_.time_major, windows(input[options_.time_major ? 0 : 1]).count);
}

LayerValue Pooling1D::pool(const LayerValue& input, Function function) const {
  const SlidingSteps steps(layer_, input, options_.time_major);
  const SlidingWindows placed = windows(steps.steps());
  return steps.output(function(steps.batch_major(), placed, steps.counted()), placed, options_.padding);
}

}  // namespace detail

LayerValue MaxPooling1D::call(const LayerValue& input) const { return pool(input, max_pool1d); }
LayerValue AveragePooling1D::call(const LayerValue& input) const { return pool(input, average_pool1d); }

void GlobalMaxPooling1D::Config::fields(Fields& f) {
  layout_field(f, class_name);
  f("keepdims", keepdims);
}

LayerValue GlobalMaxPooling1D::call(const LayerValue& input) const {
  const SlidingSteps steps(class_name, input, false);
  const Shape shape = input.value.shape();
  const SlidingWindows all =
      fitting_windows(class_name, steps.steps(), std::max<Index>(steps.steps(), 1), 1, 1, Padding::valid);
  LayerValue output;
  output.value = reshape(max_pool1d(input.value, all, steps.counted()), output_shape(shape));
  return output;
}

}  // namespace recur
