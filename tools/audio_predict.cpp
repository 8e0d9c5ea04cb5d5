// What is done with models of audio effects.

#include <recur/io/model_file.h>
#include <recur/io/sound_file.h>
#include <recur/io/warning.h>
#include <recur/train/callbacks/epoch_printer.h>

#include <charconv>
#include <cstdio>

#include "audio_commands.h"
#include "audio_task.h"
#include "job.h"

namespace recur::tools {
namespace {

using Json = Settings::Json;

Index rate_of(const std::filesystem::path& model) {
  const Metadata notes = load_model_file(model).metadata;
  const auto at = notes.find("sample_rate");
  Index rate = 0;
  if (at != notes.end()) std::from_chars(at->second.data(), at->second.data() + at->second.size(), rate);
  require<FormatError>(rate > 0, "'{}' has no sample rate in it: it was not trained on recordings", model.string());
  return rate;
}

AudioTask load(Settings& settings, const std::filesystem::path& model, bool targets) {
  AudioTask task(settings, {.rate = rate_of(model), .targets = targets});
  settings.finish();
  (void)load_parameters(model, task.parameters());
  return task;
}

/// Puts the recordings of a file or folder in the place of those of the training; knobs stay, where there is one
/// setting.
void replace_files(Settings& settings, const std::string& input) {
  const Json& data = settings.value("data");
  if (data.contains("pairs")) {
    settings.set("/data/knobs=" + data["pairs"][0].value("knobs", Json::object()).dump());
    settings.remove("/data/pairs");
  }
  settings.set("/data/input=" + Json(input).dump());
  settings.set("/data/target=\"\"");
}

Index write(AudioTask& task, Tape& tape, const AudioPair& pair, const std::filesystem::path& output) {
  const Sound sound{task.pairs().rate, task.pairs().channels, task.process(tape, pair)};
  std::string ending = output.extension().string();
  const bool flac = ending == ".flac" || ending == ".FLAC";
  const Index clipped = save_sound(output, sound, flac ? SampleFormat::pcm24 : SampleFormat::float32);
  if (clipped > 0) warn("'{}': {} samples are beyond full scale; WAV holds them as they are", output.string(), clipped);
  return sound.frames();
}

}  // namespace

void evaluate_audio(const Flags& flags, const std::filesystem::path& model) {
  Settings settings = settings_of_model(flags, model);
  AudioTask task = load(settings, model, true);
  std::string part = flags.part;
  if (part.empty()) part = task.split().test.empty() ? "validation" : "test";
  const AudioSplit& split = task.split();
  require<UsageError>(part == "test" || part == "validation" || part == "training",
                      "--part {}: there are training, validation and test", part);
  const auto& clips = part == "test" ? split.test : part == "validation" ? split.validation : split.training;
  require<UsageError>(!clips.empty(), "the {} part has no clips; --part says which is meant", part);
  Tape tape;
  const AudioScores scores = task.scores(tape, clips);
  Job::Numbers numbers;
  for (const std::string& name : task.metrics()) numbers.emplace_back(name, scores.score(name));
  if (flags.json) return print_json_line(numbers);
  for (const auto& [name, value] : numbers) fmt::print("{} {:.6g}\n", name, value);
}

void predict_audio(const Flags& flags, const std::filesystem::path& model) {
  const std::filesystem::path output = flags.output == Flags().output ? "out.wav" : flags.output;
  Settings settings = settings_of_model(flags, model);
  if (!flags.data.empty()) replace_files(settings, flags.data);
  settings.remove("/data/cut");  // of the training; whole recordings are wanted
  AudioTask task = load(settings, model, false);
  const auto& pairs = task.pairs().pairs;
  const bool many = pairs.size() > 1;
  require<UsageError>(many ? output.extension().empty() : is_sound_file(output), "--output {}: {}", output.string(),
                      many ? "there are several recordings, name a folder" : "a .wav or .flac file is written");
  if (many) std::filesystem::create_directories(output);
  Tape tape;
  Index frames = 0;
  for (const AudioPair& pair : pairs) {
    const auto name = std::filesystem::path(pair.name).stem().string() + ".wav";
    frames += write(task, tape, pair, many ? output / name : output);
  }
  const double seconds = static_cast<double>(frames) / static_cast<double>(task.pairs().rate);
  if (flags.json) fmt::print("{}\n", Json{{"output", output.string()}, {"seconds", seconds}}.dump());
  else fmt::print("{}: {:.2f} s of sound\n", output.string(), seconds);
}

}  // namespace recur::tools
