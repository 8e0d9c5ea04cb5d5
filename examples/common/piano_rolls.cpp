#include "piano_rolls.h"

#include <recur/framework/tensor/random.h>
#include <recur/io/npz.h>
#include <recur/train/samples/chord_music.h>

#include <algorithm>

namespace recur::examples {
namespace {

SequenceDataset load_part(const NpzFile& file, const std::string& part) {
  const Tensor<float> frames = file.load<float>(part + "_frames");
  const Tensor<Index> lengths = file.load<Index>(part + "_lengths");
  require(frames.shape().rank() == 2, "load_music: {}_frames is {}, not [frames, keys]", part, frames.shape());
  require<ValueError>(lengths.size() > 0, "load_music: {}_lengths names no piece", part);
  return SequenceDataset::next_step(frames, lengths.values());
}

}  // namespace

Music load_music(const std::filesystem::path& path) {
  const NpzFile file(path);
  Music music{load_part(file, "train"), load_part(file, "valid"), load_part(file, "test")};
  const Index keys = music.train[0].inputs.shape()[1];
  for (const SequenceDataset* part : {&music.validation, &music.test})
    require((*part)[0].inputs.shape()[1] == keys, "load_music: {} keys to learn, {} to judge by", keys,
            (*part)[0].inputs.shape()[1]);
  return music;
}

Music generate_music(Index pieces, Index frames, std::uint64_t seed) {
  const auto generate = [&](const char* part, Index count) {
    Generator generator = Generator(seed).fork(part);
    Tensor<float> all({count * frames, samples::piano_keys});
    for (Index i = 0; i < count; ++i) {
      const Tensor<float> piece = samples::chord_music(frames, generator);
      std::copy_n(piece.data(), piece.size(), all.data() + i * piece.size());
    }
    return SequenceDataset::next_step(all, std::vector<Index>(static_cast<std::size_t>(count), frames));
  };
  const Index held_out = (pieces + 1) / 2;
  return {generate("train", pieces), generate("validation", held_out), generate("test", held_out)};
}

}  // namespace recur::examples
