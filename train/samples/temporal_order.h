#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/data/dataset.h>

namespace recur::samples {

/// Number of features of a step: one for each of E, B, a, b, c, d, X, Y.
inline constexpr Index temporal_order_symbols = 8;
inline constexpr Index temporal_order_classes = 4;
/// Steps of the longest sequence.
inline constexpr Index temporal_order_steps = 110;

/// Draws a batch of the temporal order problem (Hochreiter & Schmidhuber 1997, experiment 6a). Sequences have 100 to
/// 110 symbols: E first, B last, and in between a, b, c, d at random, except for an X or Y at one of steps 10 to 20 and
/// another X or Y at one of steps 50 to 60. The class is their order: XX, XY, YX, YY. Inputs are `[batch, 110, 8]`,
/// one-hot, with zeros before shorter sequences, so that all end at the last step. Targets are `[batch, 1]`, the class
/// from 0. Throws ValueError if batch < 1.
[[nodiscard]] Batch temporal_order(Index batch, Generator& generator);

}  // namespace recur::samples
