#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/data/dataset.h>

namespace recur::samples {

/// Features of a step: one of E, B, a, b, c, d, X, Y is 1.
inline constexpr Index temporal_order_symbols = 8;
inline constexpr Index temporal_order_classes = 4;
/// Steps of the longest sequence.
inline constexpr Index temporal_order_steps = 110;

/// The temporal order problem (Hochreiter & Schmidhuber 1997, experiment 6a): sequences of 100 to 110 symbols that
/// begin with E and end with B, of a, b, c, d at random but for an X or Y at one of the steps 10 to 20 and another at
/// one of 50 to 60. The class says which: XX, XY, YX, YY. Inputs `[batch, 110, 8]`, one-hot, with zeros before a
/// shorter one, so that all end with the last step; targets `[batch, 1]`, the class from 0. @throws ValueError for
/// batch < 1.
[[nodiscard]] Batch temporal_order(Index batch, Generator& generator);

}  // namespace recur::samples
