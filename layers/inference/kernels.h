#pragma once

#include <cstddef>

namespace recur::detail {

/// One term of a sum of products: row vectors times a packed matrix.
struct PackedTerm {
  const float* a;  ///< Vector r begins at a + r * stride.
  std::ptrdiff_t stride;
  std::ptrdiff_t count;  ///< How many numbers a vector has.
  const void* weights;   ///< float or int8, by panels; see packing.h.
};

/// Arguments of the loops. A panel is a few registers of columns. Arrays that are "by column" have the order of the
/// panels and are padded to whole panels.
struct PanelCall {
  static constexpr int max_terms = 4;

  PackedTerm terms[max_terms];
  int term_count;
  std::ptrdiff_t panels;
  std::ptrdiff_t rows;
  const float* bias;    ///< By column.
  const float* before;  ///< Sums to start from in place of `bias`, row r at before + r * before_stride; null for none.
  std::ptrdiff_t before_stride;
  const float* scales;  ///< By column: factor of the sums of int8 products.
  float* output;        ///< Row r at output + r * output_stride.
  std::ptrdiff_t output_stride;
  float* state;  ///< The c of an LSTM, read and written; the previous h of a GRU, read.
  std::ptrdiff_t state_stride;
  float* copy;  ///< A second place for the output of gates, which the terms read; for one panel only. Null: none.
  std::ptrdiff_t copy_stride;
};

/// The loops of an Inference for one instruction set. Rows are vectors of different streams or time steps.
///
/// This header is read by code compiled for instruction sets the machine may not have, so it holds no inline functions.
struct InferenceKernels {
  using Loop = void (*)(const PanelCall&);

  std::ptrdiff_t lanes;  ///< Numbers in a register.
  /// output = before + Σ a·W, in panels of four registers, and of one.
  Loop product4;
  Loop product1;
  /// The step of an LSTM. The registers of a panel are the gates i, f, c, o of as many units. output is h.
  Loop lstm;
  /// The step of a GRU that resets after the product. The registers of a panel are z, r, the candidate's part of the
  /// input and that of the state; the first `state_terms` … of the terms are of the input, the last of the state.
  /// output is h.
  Loop gru;
};

/// Return the loops for an instruction set, for float or int8 weights. Null if they were not compiled for this kind of
/// machine.
[[nodiscard]] const InferenceKernels* portable_inference_kernels(bool int8);
[[nodiscard]] const InferenceKernels* avx2_inference_kernels(bool int8);
[[nodiscard]] const InferenceKernels* avx512_inference_kernels(bool int8);

/// Returns the fastest loops that this machine can run, for float or int8 weights.
[[nodiscard]] const InferenceKernels& inference_kernels(bool int8);

}  // namespace recur::detail
