#pragma once

#include <recur/io/line_plot.h>

#include <vector>

#include "audio_task.h"

namespace recur::tools {

/// Pictures of what a model makes of clips: the loudest 20 ms of target, model and error; their spectra; and the mean
/// output for each level of the input.
[[nodiscard]] std::vector<LinePlot> audio_plots(AudioTask& task, Tape& tape, std::span<const Index> clips);

}  // namespace recur::tools
