#include "piano_rolls.h"

#include <recur/io/npz.h>
#include <recur/train/samples/chord_music.h>

#include <algorithm>

namespace recur::examples {
namespace {

Pieces load_part(const NpzFile& file, const std::string& part) {
  const Tensor<float> frames = file.load<float>(part + "_frames");
  const Tensor<Index> lengths = file.load<Index>(part + "_lengths");
  require<ValueError>(frames.shape().rank() == 2, "load_music: {}_frames is {}, not [frames, keys]", part,
                      frames.shape());
  const Index keys = frames.shape()[1];
  Index at = 0;
  Pieces pieces;
  for (const Index length : lengths.values()) {
    require<ValueError>(length >= 2 && length <= frames.shape()[0] - at,
                        "load_music: a piece of {} frames at frame {} of {} in {}_frames", length, at,
                        frames.shape()[0], part);
    pieces.emplace_back(Shape{length, keys}, frames.values().subspan(static_cast<std::size_t>(at * keys),
                                                                     static_cast<std::size_t>(length * keys)));
    at += length;
  }
  require<ValueError>(at == frames.shape()[0] && at > 0, "load_music: {}_lengths add up to {} of {} frames", part, at,
                      frames.shape()[0]);
  return pieces;
}

}  // namespace

Music load_music(const std::filesystem::path& path) {
  const NpzFile file(path);
  Music music{load_part(file, "train"), load_part(file, "valid"), load_part(file, "test")};
  const Index keys = music.train[0].shape()[1];
  for (const Pieces* part : {&music.validation, &music.test})
    require<ValueError>((*part)[0].shape()[1] == keys, "load_music: {} keys to learn, {} to judge by", keys,
                        (*part)[0].shape()[1]);
  return music;
}

Music generate_music(Index pieces, Index frames, std::uint64_t seed) {
  const auto generate = [&](const char* part, Index count) {
    Generator generator = Generator(seed).fork(part);
    Pieces result;
    for (Index i = 0; i < count; ++i) result.push_back(samples::chord_music(frames, generator));
    return result;
  };
  const Index held_out = (pieces + 1) / 2;
  return {generate("train", pieces), generate("validation", held_out), generate("test", held_out)};
}

MusicBatch music_batch(const Pieces& pieces, std::span<const Index> which) {
  const auto piece = [&](std::size_t i) -> const Tensor<float>& { return pieces[static_cast<std::size_t>(which[i])]; };
  const Index keys = piece(0).shape()[1];
  Index time = 0;
  for (std::size_t i = 0; i < which.size(); ++i) time = std::max(time, piece(i).shape()[0] - 1);
  const auto batch = static_cast<Index>(which.size());
  MusicBatch result{Tensor<float>({batch, time, keys}), Tensor<float>({batch, time, keys}),
                    std::vector<float>(static_cast<std::size_t>(batch * time))};
  for (std::size_t i = 0; i < which.size(); ++i) {
    const auto frames = piece(i).values();
    const auto row = static_cast<Index>(i) * time;
    const Index predicted = piece(i).shape()[0] - 1;
    std::copy_n(frames.begin(), predicted * keys, result.inputs.data() + row * keys);
    std::copy_n(frames.begin() + keys, predicted * keys, result.targets.data() + row * keys);
    std::fill_n(result.weights.begin() + row, predicted, 1.0F);
    result.frames += static_cast<double>(predicted);
  }
  return result;
}

}  // namespace recur::examples
