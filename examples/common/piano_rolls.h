#pragma once

#include <recur/train/data/sequences.h>

#include <cstdint>
#include <filesystem>

namespace recur::examples {

/// Pieces of music as piano rolls `[frames, keys]`, 1 where a key is down; wanted at each frame is the next.
struct Music {
  SequenceDataset train;
  SequenceDataset validation;
  SequenceDataset test;
};

/// From an .npz file with arrays `train_frames` `[frames, keys]`, all pieces one after another, and `train_lengths`, the frames of
/// each; the same for `valid` and `test`. @throws FormatError for a file that cannot be read; ShapeError for lengths that do not
/// add up, or another number of keys; ValueError for a piece of less than two frames, or no piece.
[[nodiscard]] Music load_music(const std::filesystem::path& path);
/// Pieces of samples::chord_music, half as many again for each of validation and test.
[[nodiscard]] Music generate_music(Index pieces, Index frames, std::uint64_t seed);

}  // namespace recur::examples
