#pragma once

#include <recur/layers/inference/graph.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace recur {

struct CExportOptions {
  /// What the names in the file begin with. Letters, digits and `_`.
  std::string name = "model";
  /// Weights as int8 with a scale for each output.
  bool int8 = false;
  /// For a header: functions are static, with a guard against a second inclusion.
  bool header = false;
  /// Steps for the self-test, `[time, features]`; or ids. None: no self-test.
  std::span<const float> test_inputs{};
  std::span<const std::int32_t> test_ids{};
};

struct CExport {
  std::string source;
  std::size_t flash_bytes = 0;  ///< Of the constants; the code is a few KB more.
  std::size_t ram_bytes = 0;    ///< Of NAME_state: states and working memory.
};

/// Writes a model as one C99 file without dependencies but <math.h>: NAME_reset, NAME_step and, with NAME_SELF_TEST
/// defined, NAME_self_test, which runs the recorded steps and returns the largest error. No memory is allocated. The
/// file is C++, too.
///
/// It calls expf and tanhf; sqrtf, logf, log1pf, expm1f, erfcf, powf and rintf where the model has functions that need
/// them. Throws ValueError for a name that is none in C, or a fused expression with a function of one's own.
[[nodiscard]] CExport export_c(const Graph& graph, const CExportOptions& options = {});

/// Returns the graph with the weights as they are after rounding to int8: to measure what is lost. Embeddings are
/// rounded by row, matrices by column, biases not at all.
[[nodiscard]] Graph round_weights(const Graph& graph);

}  // namespace recur
