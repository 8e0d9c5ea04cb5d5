// A first config from a look at recordings of a device.

#include <recur/train/audio/audio_pairs.h>

#include <algorithm>
#include <cstdio>

#include "init_jobs.h"

namespace recur::tools {
namespace {

using Json = Settings::Json;

Json layer_config(const char* name, const Json& config) { return {{"class_name", name}, {"config", config}}; }

Json term(const char* name, double weight, const Json& config = Json::object()) {
  return {{"class_name", name}, {"weight", weight}, {"config", config}};
}

/// Frames of the shortest recording.
Index shortest(const AudioPairs& pairs) {
  Index frames = pairs.pairs[0].frames(pairs.channels);
  for (const AudioPair& pair : pairs.pairs) frames = std::min(frames, pair.frames(pairs.channels));
  return frames;
}

/// How late the targets are. A filter alone turns phases by less than a millisecond.
Index latency_of(const std::vector<std::string>& files) {
  const AudioPairs pairs = read_audio({.files = {{files[0], files[1], {}}}, .latency = std::nullopt, .shorter = true});
  const Index found = pairs.latencies[0].samples;
  return std::abs(found) > pairs.rate / 1000 ? found : 0;
}

}  // namespace

Json audio_config(const std::vector<std::string>& files) {
  require<UsageError>(files.size() == 2, "audio: two files or two folders are expected, the input and the target");
  AudioSource source{.files = {{files[0], files[1], {}}}, .shorter = true};
  source.latency = latency_of(files);
  const AudioPairs pairs = read_audio(source);
  Json data{{"kind", "audio"}, {"input", files[0]}, {"target", files[1]}, {"lengths", "shorter"}};
  if (*source.latency != 0) data["latency"] = *source.latency;
  // Half a second, or a tenth of a recording that is too short for that.
  const Index clip = std::min(pairs.rate / 2, pairs.pairs.size() > 1 ? shortest(pairs) : shortest(pairs) / 20);
  require<UsageError>(clip >= 100, "audio: '{}' has {} frames, at least 2000 are needed", files[0], shortest(pairs));
  data["clip"] = clip;
  data["warm_up"] = std::min<Index>(1000, clip / 10);
  data["steps"] = 2048;
  data["split"] = {{"validation", 0.1}, {"test", 0.1}};
  const Json layers = Json::array({layer_config("LSTM", {{"units", 16}, {"return_sequences", true}}),
                                   layer_config("Dense", {{"units", pairs.channels}})});
  return {{"data", data},
          {"skip", true},
          {"model", layer_config("Sequential", {{"layers", layers}})},
          {"loss", Json::array({term("esr", 0.75, {{"pre_emphasis", 0.85}}), term("dc", 0.25)})},
          {"metrics", {"esr", "esr_pre", "dc"}},
          {"optimizer", layer_config("Adam", {{"learning_rate", 0.005}, {"global_clipnorm", 1}})},
          {"reduce_on_plateau", {{"factor", 0.5}, {"patience", 5}}},
          {"early_stopping", {{"patience", 25}}},
          {"epochs", 200},
          {"batch", 16},
          {"seed", 1},
          {"run", "runs/audio"}};
}

}  // namespace recur::tools
