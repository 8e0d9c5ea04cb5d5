#pragma once

#include <recur/layers/inference/gates.h>
#include <recur/layers/inference/packing.h>
#include <recur/layers/inference/program.h>

#include <array>

namespace recur::detail {

/// A part of a stored value.
struct Place {
  Slot slot{};
  Index first = 0;
  Index size = 0;
};

/// A sum of products Σ aᵢ·Wᵢ plus a bias or stored sums, computed in panels. The loop decides what is done with the
/// sums: they are stored, or are the gates of an LSTM or GRU.
class PanelOperation final : public ProgramOperation {
 public:
  struct Term {
    Place a;
    PackedWeights weights;
  };
  InferenceKernels::Loop loop = nullptr;
  std::vector<Term> terms;
  std::vector<float> bias;    ///< By place of the column order; it needs no alignment.
  std::vector<float> scales;  ///< For int8 weights.
  Place before{};             ///< Sums to begin with in place of the bias, if there are any.
  Place output{};
  Place state{};
  Place copy{};  ///< A second place for the output.
  Index panels = 0;

  void run(const Run& run) const noexcept override;
  [[nodiscard]] InferenceKernels::Loop bind(const Run& run, PanelCall& call) const override;
  [[nodiscard]] std::size_t weight_bytes() const override;
};

/// A fused expression, computed by the loop that was compiled for training.
class FusedOperation final : public ProgramOperation {
 public:
  static constexpr std::size_t most_operands = 32;

  const FusedKernel* kernel = nullptr;
  std::vector<Place> operands;
  std::vector<Place> outputs;
  std::vector<double> constants;

  void run(const Run& run) const noexcept override;
};

class LayerNormOperation final : public ProgramOperation {
 public:
  Place x, gamma, beta, output;
  float epsilon = 0;

  void run(const Run& run) const noexcept override;
};

class SoftmaxOperation final : public ProgramOperation {
 public:
  Place x, output;
  bool log = false;

  void run(const Run& run) const noexcept override;
};

/// Copies parts of values side by side, or adds them to what is there.
class CopyOperation final : public ProgramOperation {
 public:
  std::vector<Place> parts;
  Place output;
  bool add = false;  ///< Whether all parts are added to the same numbers.

  void run(const Run& run) const noexcept override;
};

class EmbeddingOperation final : public ProgramOperation {
 public:
  std::vector<float> table;
  Index rows = 0;
  Place output;

  void run(const Run& run) const noexcept override;
  [[nodiscard]] std::size_t weight_bytes() const override { return table.size() * sizeof(float); }
};

}  // namespace recur::detail
