#include <recur/io/sound_file.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#ifdef RECUR_SNDFILE
#include <sndfile.h>

#include <cstring>
#include <memory>
#include <string>
#endif

namespace recur {
namespace {

std::string ending_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending;
}

}  // namespace

bool is_sound_file(const std::filesystem::path& path) {
  const std::string ending = ending_of(path);
  return ending == ".wav" || ending == ".flac";
}

#ifdef RECUR_SNDFILE

namespace {

struct CloseSound {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundHandle = std::unique_ptr<SNDFILE, CloseSound>;

/// A file that libsndfile writes, in memory.
struct Bytes {
  std::string text;
  std::size_t at = 0;
};

sf_count_t size_of_bytes(void* user) { return static_cast<sf_count_t>(static_cast<Bytes*>(user)->text.size()); }

sf_count_t seek_bytes(sf_count_t offset, int whence, void* user) {
  auto& bytes = *static_cast<Bytes*>(user);
  sf_count_t from = 0;
  if (whence == SEEK_CUR) from = static_cast<sf_count_t>(bytes.at);
  if (whence == SEEK_END) from = static_cast<sf_count_t>(bytes.text.size());
  bytes.at = static_cast<std::size_t>(std::max<sf_count_t>(0, from + offset));
  return static_cast<sf_count_t>(bytes.at);
}

sf_count_t read_bytes(void* to, sf_count_t count, void* user) {
  auto& bytes = *static_cast<Bytes*>(user);
  if (bytes.at >= bytes.text.size()) return 0;
  const std::size_t taken = std::min(static_cast<std::size_t>(count), bytes.text.size() - bytes.at);
  std::memcpy(to, bytes.text.data() + bytes.at, taken);
  bytes.at += taken;
  return static_cast<sf_count_t>(taken);
}

sf_count_t write_bytes(const void* from, sf_count_t count, void* user) {
  auto& bytes = *static_cast<Bytes*>(user);
  const auto size = static_cast<std::size_t>(count);
  if (bytes.text.size() < bytes.at + size) bytes.text.resize(bytes.at + size);
  std::memcpy(bytes.text.data() + bytes.at, from, size);
  bytes.at += size;
  return count;
}

sf_count_t place_in_bytes(void* user) { return static_cast<sf_count_t>(static_cast<Bytes*>(user)->at); }

int subtype_of(SampleFormat format) {
  switch (format) {
    case SampleFormat::pcm16:
      return SF_FORMAT_PCM_16;
    case SampleFormat::pcm24:
      return SF_FORMAT_PCM_24;
    case SampleFormat::pcm32:
      return SF_FORMAT_PCM_32;
    default:
      return SF_FORMAT_FLOAT;
  }
}

void check_writable(const std::filesystem::path& path, const Sound& sound, SampleFormat format) {
  const std::string ending = ending_of(path);
  require<ValueError>(ending == ".wav" || ending == ".flac", "save_sound: '{}' must end in .wav or .flac",
                      path.string());
  require<ValueError>(ending == ".wav" || format == SampleFormat::pcm16 || format == SampleFormat::pcm24,
                      "save_sound: '{}': FLAC holds 16 or 24 bits", path.string());
  require<ValueError>(
      sound.channels > 0 && sound.rate > 0 && static_cast<Index>(sound.samples.size()) % sound.channels == 0,
      "save_sound: {} samples in {} channels at {} Hz", sound.samples.size(), sound.channels, sound.rate);
}

Bytes encoded(const std::filesystem::path& path, const Sound& sound, SampleFormat format) {
  Bytes bytes;
  SF_VIRTUAL_IO access{size_of_bytes, seek_bytes, read_bytes, write_bytes, place_in_bytes};
  SF_INFO info{};
  info.samplerate = static_cast<int>(sound.rate);
  info.channels = static_cast<int>(sound.channels);
  info.format = (ending_of(path) == ".flac" ? SF_FORMAT_FLAC : SF_FORMAT_WAV) | subtype_of(format);
  SoundHandle file(sf_open_virtual(&access, SFM_WRITE, &info, &bytes));
  require<FormatError>(file != nullptr, "save_sound: '{}': {}", path.string(), sf_strerror(nullptr));
  sf_command(file.get(), SFC_SET_CLIPPING, nullptr, SF_TRUE);
  sf_command(file.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);  // it holds the time of day
  const sf_count_t written = sf_writef_float(file.get(), sound.samples.data(), sound.frames());
  require<FormatError>(written == sound.frames(), "save_sound: '{}': {}", path.string(), sf_strerror(file.get()));
  file.reset();  // completes the heading
  return bytes;
}

}  // namespace

bool has_sound_files() { return true; }

Sound load_sound(const std::filesystem::path& path) {
  SF_INFO info{};
  const SoundHandle file(sf_open(path.c_str(), SFM_READ, &info));
  require<FormatError>(file != nullptr, "load_sound: '{}': {}", path.string(), sf_strerror(nullptr));
  require<FormatError>(info.frames > 0 && info.channels > 0, "load_sound: '{}' has no samples", path.string());
  constexpr sf_count_t most = sf_count_t{1} << 31;  // samples: 8 GB
  require<FormatError>(info.frames <= most / info.channels, "load_sound: '{}' says that it has {} frames",
                       path.string(), info.frames);
  Sound sound{info.samplerate, info.channels, {}};
  // A heading may promise more than there is: memory is taken as it fills.
  constexpr sf_count_t piece = 1 << 16;
  for (sf_count_t done = 0; done < info.frames;) {
    const sf_count_t wanted = std::min(piece, info.frames - done);
    const std::size_t before = sound.samples.size();
    sound.samples.resize(before + static_cast<std::size_t>(wanted * info.channels));
    const sf_count_t read = sf_readf_float(file.get(), sound.samples.data() + before, wanted);
    require<FormatError>(read == wanted, "load_sound: '{}' is cut short: {} frames are there, its heading says {}",
                         path.string(), done + std::max<sf_count_t>(read, 0), info.frames);
    done += read;
  }
  const auto bad = std::ranges::find_if_not(sound.samples, [](float x) { return std::isfinite(x); });
  require<FormatError>(bad == sound.samples.end(), "load_sound: '{}' has a sample that is no number in frame {}",
                       path.string(), (bad - sound.samples.begin()) / info.channels);
  return sound;
}

Index save_sound(const std::filesystem::path& path, const Sound& sound, SampleFormat format) {
  check_writable(path, sound, format);
  const Bytes bytes = encoded(path, sound, format);
  AtomicFile file(path);
  file.write(bytes.text);
  file.commit();
  if (format == SampleFormat::float32) return 0;
  return std::ranges::count_if(sound.samples, [](float x) { return std::abs(x) > 1; });
}

#else

namespace {

constexpr const char* advice =
    "this build of Recur has no libsndfile, so sound files cannot be read or written; install it (Debian: "
    "libsndfile1-dev) and build again";

}  // namespace

bool has_sound_files() { return false; }

Sound load_sound(const std::filesystem::path& path) { fail<StateError>("load_sound: '{}': {}", path.string(), advice); }

Index save_sound(const std::filesystem::path& path, const Sound& /*sound*/, SampleFormat /*format*/) {
  fail<StateError>("save_sound: '{}': {}", path.string(), advice);
}

#endif

}  // namespace recur
