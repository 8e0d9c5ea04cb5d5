#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/framework/tensor/tensor.h>

#include <vector>

namespace recur::samples {

/// Number of keys of a piano.
inline constexpr Index piano_keys = 88;

/// Draws a piece as a piano roll `[frames, 88]`, 1 where a key is down: four voices play the chords of C major. A chord
/// lasts two or three frames, equally likely; then one of three others follows. In any frame the melody may be doubled
/// an octave higher. Throws ValueError if frames < 0.
[[nodiscard]] Tensor<float> chord_music(Index frames, Generator& generator);

/// Returns the nats a frame, summed over the keys, of the best model that gives each key a probability of its own. Such
/// a model knows the chord and when it began, as can be known from the third frame on.
[[nodiscard]] double chord_music_optimum();

}  // namespace recur::samples
