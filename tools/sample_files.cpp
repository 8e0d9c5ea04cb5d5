// `recur sample`: writes made-up data to try the jobs with.

#include <recur/framework/tensor/nearest_name.h>
#include <recur/io/atomic_file.h>
#include <recur/io/sound_file.h>
#include <recur/train/samples/gestures.h>
#include <recur/train/samples/overdrive.h>

#include <algorithm>
#include <cstdio>

#include "commands.h"
#include "settings.h"

namespace recur::tools {
namespace {

Generator generator_of(const Flags& flags) { return Generator(static_cast<std::uint64_t>(std::max(flags.seed, 0L))); }

void write_gestures(const Flags& flags) {
  const std::string output = flags.output == Flags().output ? "gestures.csv" : flags.output;
  Generator generator = generator_of(flags);
  const auto recordings = samples::gestures({}, generator);
  AtomicFile file(output);
  file.write(samples::gestures_csv(recordings));
  file.commit();
  fmt::print("{}: {} recordings of 3 gestures and noise by 6 subjects\n", output, recordings.size());
}

void write_overdrive(const Flags& flags) {
  const std::filesystem::path folder = flags.output == Flags().output ? "." : flags.output;
  std::filesystem::create_directories(folder);
  Generator generator = generator_of(flags);
  const samples::OverdriveOptions options;
  samples::Recording recording = samples::overdrive(options, generator);
  (void)save_sound(folder / "in.wav", {options.rate, 1, std::move(recording.input)}, SampleFormat::pcm24);
  (void)save_sound(folder / "target.wav", {options.rate, 1, std::move(recording.target)}, SampleFormat::pcm24);
  fmt::print("{}, {}: {:.0f} s of plucked strings, before and after an overdrive\n", (folder / "in.wav").string(),
             (folder / "target.wav").string(), options.seconds);
}

}  // namespace

void sample_files(const Flags& flags) {
  const std::vector<std::string> names = {"gestures", "overdrive"};
  require<UsageError>(std::ranges::find(names, flags.file) != names.end(),
                      "'{}' is no sample{}; there are gestures and overdrive", flags.file,
                      did_you_mean(flags.file, names));
  if (flags.file == "gestures") write_gestures(flags);
  else write_overdrive(flags);
}

}  // namespace recur::tools
