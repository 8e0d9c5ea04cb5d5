#pragma once

#include <recur/framework/random.h>
#include <recur/framework/tensor.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace recur::examples {

/// Pieces of music, each `[frames, keys]`, 1 where a key is down.
using Pieces = std::vector<Tensor<float>>;

struct Music {
  Pieces train;
  Pieces validation;
  Pieces test;
};

/// From an .npz file with arrays `train_frames` `[frames, keys]`, all pieces one after another, and `train_lengths`, the frames of
/// each; the same for `valid` and `test`. @throws FormatError for a file that cannot be read; ValueError for lengths that do not
/// add up, or a piece of less than two frames.
[[nodiscard]] Music load_music(const std::filesystem::path& path);
/// Pieces of samples::chord_music, half as many again for each of validation and test.
[[nodiscard]] Music generate_music(Index pieces, Index frames, std::uint64_t seed);

/// Pieces side by side, to predict each frame from those before it: `[batch, time, keys]`.
struct MusicBatch {
  Tensor<float> inputs;
  Tensor<float> targets;
  std::vector<float> weights;  ///< One a frame: 0 beyond the end of a piece.
  double frames = 0;           ///< Predictions wanted.
};
[[nodiscard]] MusicBatch music_batch(const Pieces& pieces, std::span<const Index> which);

}  // namespace recur::examples
