#include "imported_sound.h"

#include <recur/interop/trace_model.h>
#include <recur/io/model_file.h>
#include <recur/io/sound_file.h>
#include <recur/io/warning.h>
#include <recur/layers/inference/inference.h>

#include "exported_model.h"
#include "settings.h"

namespace recur::tools {

bool is_sound_for_imported(const Flags& flags, const std::filesystem::path& model) {
  return is_sound_file(flags.data) && std::filesystem::exists(model) &&
         load_model_file(model).metadata.contains("imported_from");
}

void predict_imported_sound(const Flags& flags) {
  const std::filesystem::path output = flags.output == Flags().output ? "out.wav" : flags.output;
  require<UsageError>(is_sound_file(output), "--output {}: a .wav or .flac file is written", output.string());
  Trained trained = find_trained(flags);
  ExportedModel own = load_exported(trained, flags);
  const Sound input = load_sound(flags.data);
  const double rate = own.description.sample_rate;
  require<ValueError>(rate == 0 || rate == static_cast<double>(input.rate),
                      "'{}' has {} Hz, the model was trained at {:g} Hz; convert the file", flags.data, input.rate,
                      rate);
  Inference inference(interop::trace_model(own.model, own.description));
  require<UsageError>(
      !inference.takes_ids() && inference.input_size() == input.channels,
      "'{}' has {} channel{}, the model takes {} numbers a step; numbers of other kinds are given as an "
      "npz file: --set /data/path=FILE",
      flags.data, input.channels, input.channels == 1 ? "" : "s", inference.input_size());
  Sound sound{input.rate, inference.output_size(), {}};
  sound.samples.resize(static_cast<std::size_t>(input.frames() * sound.channels));
  inference.run(input.samples, sound.samples);
  const bool flac = output.extension() == ".flac" || output.extension() == ".FLAC";
  const Index clipped = save_sound(output, sound, flac ? SampleFormat::pcm24 : SampleFormat::float32);
  if (clipped > 0) warn("'{}': {} samples are beyond full scale", output.string(), clipped);
  const double seconds = static_cast<double>(sound.frames()) / static_cast<double>(sound.rate);
  if (flags.json) fmt::print("{}\n", Settings::Json{{"output", output.string()}, {"seconds", seconds}}.dump());
  else fmt::print("{}: {:.2f} s of sound\n", output.string(), seconds);
}

}  // namespace recur::tools
