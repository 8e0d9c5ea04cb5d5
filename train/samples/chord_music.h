#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/framework/tensor/tensor.h>

#include <vector>

namespace recur::samples {

/// Keys of a piano.
inline constexpr Index piano_keys = 88;

/// A piece as a piano roll `[frames, 88]`, 1 where a key is down: four voices walk through the chords of C major. A
/// chord lasts two frames or, half the time, three; then one of three others follows. In any frame the melody may be
/// doubled an octave up.
/// @throws ValueError for frames < 0.
[[nodiscard]] Tensor<float> chord_music(Index frames, Generator& generator);

/// Nats a frame, summed over the keys, of the best model that gives each key a probability of its own, which is how
/// music is scored. It knows the chord and since when, as one does from the third frame on.
[[nodiscard]] double chord_music_optimum();

}  // namespace recur::samples
