#include <recur/layers/inference/operations.h>

#include <recur/framework/expr/fused_call.h>
#include <recur/framework/ops/row_kernels.h>

#include <algorithm>
#include <cmath>

namespace recur::detail {

void PanelOperation::run(const Run& run) const noexcept {
  PanelCall call;
  (void)bind(run, call);
  loop(call);
}

InferenceKernels::Loop PanelOperation::bind(const Run& run, PanelCall& call) const {
  call.term_count = static_cast<int>(terms.size());
  for (std::size_t i = 0; i < terms.size(); ++i)
    call.terms[i] = {run.at(terms[i].a.slot, terms[i].a.first), terms[i].a.slot.stride, terms[i].a.size,
                     terms[i].weights.data()};
  call.panels = panels;
  call.rows = run.rows;
  call.bias = bias.data();
  call.before = before.slot.offset < 0 ? nullptr : run.at(before.slot, before.first);
  call.before_stride = before.slot.stride;
  call.scales = scales.data();
  call.output = run.at(output.slot, output.first);
  call.output_stride = output.slot.stride;
  call.state = state.slot.offset < 0 ? nullptr : run.at(state.slot);
  call.state_stride = state.slot.stride;
  call.copy = copy.slot.offset < 0 ? nullptr : run.at(copy.slot);
  call.copy_stride = copy.slot.stride;
  return loop;
}

std::size_t PanelOperation::weight_bytes() const {
  std::size_t bytes = (bias.size() + scales.size()) * sizeof(float);
  for (const Term& term : terms) bytes += term.weights.bytes;
  return bytes;
}

void FusedOperation::run(const Run& run) const noexcept {
  std::array<Stream, most_operands> streams;
  std::size_t count = 0;
  bool dense = true;
  Index width = 0;
  for (const Place& place : outputs) width = std::max(width, place.size);
  for (const Place& place : operands) {
    const Index step = place.size == width ? 1 : 0;
    dense = dense && step == 1;
    streams[count++] = {run.at(place.slot, place.first), place.slot.stride, step};
  }
  for (const Place& place : outputs) streams[count++] = {run.at(place.slot, place.first), place.slot.stride, 1};
  FusedCall call;
  call.inputs = streams.data();
  call.outputs = streams.data() + operands.size();
  call.constants = constants.data();
  call.rows = run.rows;
  call.cols = call.end = width;
  const FusedKernel::Loops& loops = kernel->loops[static_cast<std::size_t>(DType::float32)];
  (dense ? loops.dense_forward : loops.forward)(call);
}

void LayerNormOperation::run(const Run& run) const noexcept {
  const RowKernels<float>& kernels = row_kernels<float>();
  const auto count = static_cast<float>(x.size);
  const float* const scale = gamma.slot.offset < 0 ? nullptr : run.at(gamma.slot, gamma.first);
  const float* const shift = beta.slot.offset < 0 ? nullptr : run.at(beta.slot, beta.first);
  for (Index row = 0; row < run.rows; ++row) {
    const float* const from = run.at(x.slot, x.first) + row * x.slot.stride;
    const float mean = kernels.sum(from, x.size) / count;
    const float variance = kernels.squared_deviation(from, mean, x.size) / count;
    kernels.normalize({from, mean, 1 / std::sqrt(variance + epsilon), scale}, shift,
                      run.at(output.slot, output.first) + row * output.slot.stride, x.size);
  }
}

void SoftmaxOperation::run(const Run& run) const noexcept {
  const auto kernel = log ? row_kernels<float>().log_softmax : row_kernels<float>().softmax;
  for (Index row = 0; row < run.rows; ++row)
    kernel(run.at(x.slot, x.first) + row * x.slot.stride, run.at(output.slot, output.first) + row * output.slot.stride,
           x.size);
}

void CopyOperation::run(const Run& run) const noexcept {
  for (Index row = 0; row < run.rows; ++row) {
    float* to = run.at(output.slot, output.first) + row * output.slot.stride;
    for (const Place& part : parts) {
      const float* const from = run.at(part.slot, part.first) + row * part.slot.stride;
      if (add) {
        for (Index i = 0; i < part.size; ++i) to[i] += from[i];
      } else {
        to = std::copy_n(from, part.size, to);
      }
    }
  }
}

void EmbeddingOperation::run(const Run& run) const noexcept {
  const Index width = output.size;
  for (Index row = 0; row < run.rows; ++row) {
    float* const to = run.at(output.slot) + row * output.slot.stride;
    const Index id = run.ids[run.step * run.streams + row];
    if (id < 0 || id >= rows) std::fill_n(to, width, 0.0F);
    else std::copy_n(table.data() + id * width, width, to);
  }
}

}  // namespace recur::detail
