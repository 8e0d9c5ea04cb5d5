#include <recur/train/audio/audio_pairs.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/natural_order.h>
#include <recur/io/sound_file.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace recur {
namespace {

using Path = std::filesystem::path;

/// Files of clips by their names without endings.
std::map<std::string, Path> clips_of(const Path& folder) {
  std::map<std::string, Path> clips;
  for (const Path& file : files_of_folder(folder)) {
    if (!is_sound_file(file)) continue;
    const auto [at, added] = clips.emplace(file.stem().string(), file);
    require<FormatError>(added, "read_audio: '{}' and '{}' have one name; take one of them away", at->second.string(),
                         file.string());
  }
  require<FormatError>(!clips.empty(), "read_audio: '{}' has no file that ends in .wav or .flac", folder.string());
  return clips;
}

void require_partner(const std::map<std::string, Path>& clips, const Path& folder, const Path& file) {
  require<FormatError>(clips.contains(file.stem().string()),
                       "read_audio: '{}' has no clip '{}', which is in '{}'; add it there, or take '{}' away",
                       folder.string(), file.stem().string(), file.parent_path().string(), file.string());
}

/// Files that belong together; the second is empty where there are only inputs.
std::vector<std::pair<Path, Path>> file_pairs(const AudioFiles& files, bool targets) {
  if (!targets && !std::filesystem::is_directory(files.input)) return {{files.input, {}}};
  if (!targets) {
    std::vector<std::pair<Path, Path>> list;
    for (const Path& file : files_of_folder(files.input))
      if (is_sound_file(file)) list.emplace_back(file, Path());
    return list;
  }
  const bool folder = std::filesystem::is_directory(files.input);
  require<FormatError>(folder == std::filesystem::is_directory(files.target),
                       "read_audio: '{}' is a folder, '{}' is not; take two files or two folders",
                       (folder ? files.input : files.target).string(), (folder ? files.target : files.input).string());
  if (!folder) return {{files.input, files.target}};
  const auto inputs = clips_of(files.input), wanted = clips_of(files.target);
  for (const auto& [name, file] : wanted) require_partner(inputs, files.input, file);
  std::vector<std::pair<Path, Path>> pairs;
  for (const auto& [name, file] : inputs) {
    require_partner(wanted, files.target, file);
    pairs.emplace_back(file, wanted.at(name));
  }
  std::ranges::sort(pairs,
                    [](const auto& a, const auto& b) { return natural_less(a.first.string(), b.first.string()); });
  return pairs;
}

float peak(const std::vector<float>& samples) {
  float most = 0;
  for (const float x : samples) most = std::max(most, std::abs(x));
  return most;
}

void refuse_silence(const Path& file, const std::vector<float>& samples) {
  constexpr float quiet = 1e-5F;  // -100 dB
  require<FormatError>(peak(samples) >= quiet,
                       "read_audio: '{}' is silent (peak {:.1g}) in the part that is used; record it again or leave it "
                       "out",
                       file.string(), peak(samples));
}

/// Refuses runs of equal samples at full scale in frames [first, last).
void refuse_clipping(const Path& file, const Sound& sound, Index first, Index last) {
  constexpr Index longest = 3;     // samples at the top of a wave that just reaches full scale
  constexpr float full = 0.9999F;  // the largest number of 16 bits is 32767 / 32768
  const auto at = [&](Index frame, Index channel) {
    return sound.samples[static_cast<std::size_t>(frame * sound.channels + channel)];
  };
  Index clipped = 0, where = -1;
  for (Index channel = 0; channel < sound.channels; ++channel)
    for (Index frame = first + 1, run = 1; frame <= last; ++frame) {
      const bool same = frame < last && at(frame, channel) == at(frame - 1, channel);
      if (!same && run > longest && std::abs(at(frame - 1, channel)) >= full) {
        clipped += run;
        if (where < 0) where = frame - run;
      }
      run = same ? run + 1 : 1;
    }
  require<FormatError>(clipped == 0,
                       "read_audio: '{}' clips: {} samples stay at full scale, the first at {:.3f} s; record it at a "
                       "lower level, or say \"clipping\": \"allow\"",
                       file.string(), clipped, static_cast<double>(where) / static_cast<double>(sound.rate));
}

void require_alike(const Path& input_file, const Sound& input, const Path& target_file, const Sound& target,
                   bool shorter) {
  require<FormatError>(input.rate == target.rate,
                       "read_audio: '{}' has {} Hz, '{}' {} Hz; convert one of them to the rate of the other",
                       target_file.string(), target.rate, input_file.string(), input.rate);
  require<FormatError>(input.channels == target.channels,
                       "read_audio: '{}' has {} channels, '{}' {}; write both with as many", target_file.string(),
                       target.channels, input_file.string(), input.channels);
  require<FormatError>(shorter || input.frames() == target.frames(),
                       "read_audio: '{}' has {} frames, '{}' {}; write both with the same length, or say \"lengths\": "
                       "\"shorter\" if they begin together",
                       target_file.string(), target.frames(), input_file.string(), input.frames());
}

/// Frames [first, last) of a sound, times a gain.
std::vector<float> part_of(const Sound& sound, Index first, Index last, double gain) {
  std::vector<float> part(sound.samples.begin() + first * sound.channels,
                          sound.samples.begin() + last * sound.channels);
  if (gain != 1)
    for (float& x : part) x *= static_cast<float>(gain);
  return part;
}

struct Sounds {
  Path input_file, target_file;
  Sound input, target;
};

std::vector<Sounds> load(const AudioSource& source, const AudioFiles& files, bool targets) {
  std::vector<Sounds> all;
  for (const auto& [input, target] : file_pairs(files, targets)) {
    Sounds one{input, target, load_sound(input), {}};
    if (targets) {
      one.target = load_sound(target);
      require_alike(input, one.input, target, one.target, source.shorter);
    }
    all.push_back(std::move(one));
  }
  return all;
}

/// The first channel of each sound.
Latency latency_of(const std::vector<Sounds>& all) {
  constexpr std::size_t enough = 64;
  std::vector<std::vector<float>> signals;
  Index most = all[0].input.rate / 2;
  for (std::size_t i = 0; i < std::min(all.size(), enough); ++i) {
    for (const Sound* sound : {&all[i].input, &all[i].target}) {
      std::vector<float>& signal = signals.emplace_back();
      for (std::size_t s = 0; s < sound->samples.size(); s += static_cast<std::size_t>(sound->channels))
        signal.push_back(sound->samples[s]);
    }
    most = std::min(most, std::min(all[i].input.frames(), all[i].target.frames()) / 2);
  }
  std::vector<SignalPair> pairs;
  for (std::size_t i = 0; i < signals.size(); i += 2) pairs.emplace_back(signals[i], signals[i + 1]);
  const Latency found = find_latency(pairs, most);
  constexpr double least = 0.1;
  require<FormatError>(std::abs(found.correlation) >= least,
                       "read_audio: '{}' is not found in '{}' (correlation {:.2f}): are these recordings of one "
                       "performance? \"latency\": 0 takes them as they are",
                       all[0].input_file.string(), all[0].target_file.string(), found.correlation);
  return found;
}

/// Frames of a file that are used; of the target `latency` later.
std::pair<Index, Index> range_of(const AudioSource& source, const Sounds& sounds, Index latency) {
  Index frames = sounds.input.frames();
  if (sounds.target.frames() > 0) frames = std::min(frames, sounds.target.frames());
  const Index first = std::max(source.first, std::max<Index>(0, -latency));
  Index last = frames - std::max<Index>(0, latency);
  if (source.last > 0) {
    require<FormatError>(source.last <= frames, "read_audio: '{}' has {} frames, the cut ends at {}",
                         sounds.input_file.string(), frames, source.last);
    last = std::min(last, source.last);
  }
  require<FormatError>(first < last, "read_audio: '{}' has {} frames, of which the cut and a latency of {} leave none",
                       sounds.input_file.string(), frames, latency);
  return {first, last};
}

void add_pair(AudioPairs& to, const AudioSource& source, const AudioFiles& files, const Sounds& sounds, Index latency,
              bool targets) {
  if (to.rate == 0) {
    to.rate = sounds.input.rate;
    to.channels = sounds.input.channels;
  }
  require<FormatError>(sounds.input.rate == to.rate && sounds.input.channels == to.channels,
                       "read_audio: '{}' has {} Hz and {} channels, '{}' {} Hz and {}; write all alike",
                       sounds.input_file.string(), sounds.input.rate, sounds.input.channels,
                       to.pairs.empty() ? "" : to.pairs[0].name, to.rate, to.channels);
  const auto [first, last] = range_of(source, sounds, latency);
  AudioPair pair{sounds.input_file.string(), part_of(sounds.input, first, last, source.input_gain), {}, {}};
  if (targets) {
    pair.target = part_of(sounds.target, first + latency, last + latency, source.target_gain);
    refuse_silence(sounds.input_file, pair.input);
    refuse_silence(sounds.target_file, pair.target);
    if (!source.allow_clipping) {
      refuse_clipping(sounds.input_file, sounds.input, first, last);
      refuse_clipping(sounds.target_file, sounds.target, first + latency, last + latency);
    }
  }
  for (const double knob : files.knobs) pair.knobs.push_back(static_cast<float>(knob));
  to.pairs.push_back(std::move(pair));
}

AudioPairs read(const AudioSource& source, bool targets) {
  require<ValueError>(!source.files.empty(), "read_audio: there are no files");
  AudioPairs result;
  result.knobs = source.knobs;
  for (const AudioFiles& files : source.files) {
    require<ValueError>(files.knobs.size() == source.knobs.size(), "read_audio: {} numbers for {} knobs",
                        files.knobs.size(), source.knobs.size());
    const std::vector<Sounds> all = load(source, files, targets);
    Index latency = targets ? source.latency.value_or(0) : 0;
    if (targets && !source.latency) {
      result.latencies.push_back(latency_of(all));
      latency = result.latencies.back().samples;
    }
    for (const Sounds& sounds : all) add_pair(result, source, files, sounds, latency, targets);
  }
  return result;
}

}  // namespace

AudioPairs read_audio(const AudioSource& source) { return read(source, true); }

AudioPairs read_audio_inputs(const AudioSource& source) { return read(source, false); }

}  // namespace recur
