#pragma once

#include <recur/framework/tensor/shape.h>

#include <filesystem>
#include <vector>

namespace recur {

/// A recording in memory.
struct Sound {
  Index rate = 44100;          ///< Frames a second.
  Index channels = 1;          ///< Numbers of a frame.
  std::vector<float> samples;  ///< `[frames, channels]`; full scale of a file of integers is 1.

  [[nodiscard]] Index frames() const { return channels > 0 ? static_cast<Index>(samples.size()) / channels : 0; }
};

/// How numbers are stored in a sound file.
enum class SampleFormat : unsigned char { pcm16, pcm24, pcm32, float32 };

/// Returns true if the library was built with libsndfile, so that sound files can be read and written.
[[nodiscard]] bool has_sound_files();

/// Reads WAV, FLAC and whatever else libsndfile knows; integers of 16, 24 and 32 bits become numbers from -1 to 1.
/// Throws FormatError if the file cannot be read, is cut short, or has no samples or a sample that is not finite;
/// StateError without libsndfile.
[[nodiscard]] Sound load_sound(const std::filesystem::path& path);

/// Writes WAV, or FLAC if the name ends in `.flac`, and replaces an existing file as a whole. Numbers beyond full scale
/// become full scale in formats of integers. Equal sounds give equal bytes. Returns how many numbers that were. Throws
/// FormatError if the file cannot be written, ValueError for another ending, samples that are not whole frames, and
/// `pcm32` or `float32` with FLAC; StateError without libsndfile.
Index save_sound(const std::filesystem::path& path, const Sound& sound, SampleFormat format = SampleFormat::float32);

/// The name ends in `.wav` or `.flac`, in small or capital letters.
[[nodiscard]] bool is_sound_file(const std::filesystem::path& path);

}  // namespace recur
