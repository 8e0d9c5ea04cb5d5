#pragma once

#include <recur/interop/model.h>
#include <recur/layers/inference/graph.h>
#include <recur/layers/sequential.h>

#include <string>
#include <vector>

#include "commands.h"
#include "trained.h"

namespace recur::tools {

/// A model with what its file says of the path around its layers.
struct ExportedModel {
  Sequential model;
  interop::ModelDescription description;
  std::vector<std::string> notes;
};

/// Returns true for a model file that says all that an export needs: one trained on tables or recordings, or imported.
[[nodiscard]] bool stands_alone(const Trained& trained);

/// Makes the model of the file alone; of tables with the scales of their columns, so that it takes and gives the units
/// of the files. @throws ValueError for scales that a series or window has of its own, and for targets that are
/// differences; FormatError for a file that `recur train` and `recur import` did not write
[[nodiscard]] ExportedModel load_exported(Trained& trained, const Flags& flags);

/// Steps that are likely in the units of the model's inputs; or ids.
[[nodiscard]] std::vector<float> random_steps(const interop::ModelDescription& description, const Graph& graph,
                                              Index steps);

}  // namespace recur::tools
