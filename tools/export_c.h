#pragma once

#include "export.h"

namespace recur::tools {

/// Writes the model as a C file or header (interop/c_export.h). The self-test takes steps of the job.
std::vector<std::string> write_c(const ExportJob& job);

}  // namespace recur::tools
