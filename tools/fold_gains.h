#pragma once

#include "exported_model.h"

namespace recur::tools {

/// Multiplies the weights of the first and the last layer by the gains around the model, so that formats without a
/// place for gains can hold it. Does nothing where gains cannot be folded: with a skip from input to output, before
/// another layer than a recurrent one, a Dense or a Conv1D, and behind another layer than a linear Dense. Adds a note
/// of what was done.
void fold_gains(ExportedModel& exported);

}  // namespace recur::tools
