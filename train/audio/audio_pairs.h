#pragma once

#include <recur/framework/tensor/shape.h>
#include <recur/train/audio/latency.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace recur {

/// Recordings before and after a device.
struct AudioFiles {
  std::filesystem::path input;   ///< A file, or a folder of clips.
  std::filesystem::path target;  ///< A file, or a folder with a clip of the same name for each of the input's.
  std::vector<double> knobs{};   ///< Settings of the device, which are constant inputs of the model.
};

/// What to read, and how signals become numbers of a model.
struct AudioSource {
  std::vector<AudioFiles> files;
  std::vector<std::string> knobs{};  ///< Names of the settings.
  Index first = 0;                   ///< First frame of each file that is used …
  Index last = 0;                    ///< … and the one after the last; 0: all to the end.
  double input_gain = 1;             ///< Multiplies the inputs …
  double target_gain = 1;            ///< … and the targets.
  /// Frames that targets are late, which are cut off; none: found by correlation in each of `files`.
  std::optional<Index> latency = 0;
  bool shorter = false;         ///< Cut two files of different lengths to the shorter one, rather than refuse.
  bool allow_clipping = false;  ///< Take recordings that stay at full scale.
};

/// A recording and the output of the device for it, frame by frame.
struct AudioPair {
  std::string name;           ///< Name of the file of the input.
  std::vector<float> input;   ///< `[frames, channels]`
  std::vector<float> target;  ///< `[frames, channels]`
  std::vector<float> knobs;

  /// Returns the number of frames.
  [[nodiscard]] Index frames(Index channels) const { return static_cast<Index>(input.size()) / channels; }
};

/// All recordings, in memory, at one sample rate.
struct AudioPairs {
  Index rate = 0;
  Index channels = 1;
  std::vector<std::string> knobs;
  std::vector<AudioPair> pairs;
  std::vector<Latency> latencies;  ///< Of each of `AudioSource::files` where it was found by correlation.

  /// Numbers of a frame of the input: channels and knobs.
  [[nodiscard]] Index features() const { return channels + static_cast<Index>(knobs.size()); }
};

/// Reads pairs of files, clips of folders in natural order (sample2 before sample10).
///
///     const AudioPairs pairs = read_audio({.files = {{"in.wav", "out.wav"}}, .latency = std::nullopt});
///
/// Throws FormatError naming the file and the remedy for a file that cannot be read, a clip that is in one folder only,
/// two files of different rates, lengths or channels, silence, and clipping (four equal samples in a row at full scale)
/// in the part that is used; ValueError for knobs that are not those named and a cut that leaves nothing.
[[nodiscard]] AudioPairs read_audio(const AudioSource& source);

/// The input alone, for a model that was trained already: `target` of the files is not read. Throws as `read_audio`,
/// but takes silence and clipping as they are.
[[nodiscard]] AudioPairs read_audio_inputs(const AudioSource& source);

}  // namespace recur
