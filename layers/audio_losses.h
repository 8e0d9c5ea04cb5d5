#pragma once

#include <recur/framework/autodiff/tape.h>

namespace recur {

// Losses of audio effects (Wright & Välimäki 2020): prediction y and target t are `[batch, time, channels]`, the result
// is one number. CoreAudioML's recipe is 0.75 · error_to_signal(y, t, 0.85) + 0.25 · dc_error(y, t).

/// Energy that is added to that of the target, so that silence has a finite loss (CoreAudioML's).
inline constexpr double least_audio_energy = 1e-5;

/// mean (t - y)² / (mean t² + 1e-5), both signals filtered by x[t] - pre_emphasis · x[t-1] along time, the signal
/// before the first step being 0. Throws ShapeError unless the shapes are equal and have three axes.
/// @param signal the signal whose energy divides the error, `[any batch, time, channels]`; undefined: target. A rank
/// that has some sequences of a batch gives the targets of the whole batch, so that losses of ranks add up.
[[nodiscard]] Var error_to_signal(Var prediction, Var target, double pre_emphasis = 0, Var signal = {});

/// Mean over sequences and channels of (mean over time of t - y)², divided by (mean t² + 1e-5). Throws ShapeError
/// unless the shapes are equal and have three axes.
/// @param signal the signal whose energy divides, as for `error_to_signal`
[[nodiscard]] Var dc_error(Var prediction, Var target, Var signal = {});

}  // namespace recur
