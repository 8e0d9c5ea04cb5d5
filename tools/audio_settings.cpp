#include "audio_settings.h"

#include <recur/layers/audio_losses.h>
#include <recur/layers/losses.h>
#include <recur/train/audio/audio_scores.h>

#include <algorithm>

namespace recur::tools {
namespace {

using Json = Settings::Json;

/// Names and numbers of an object.
void read_knobs(AudioSource& source, Settings& from, AudioFiles& files, bool first) {
  std::vector<std::string> names;
  if (from.asks("knobs")) {
    Settings knobs = from.object("knobs");
    for (const auto& [name, value] : from.value("knobs").items()) {
      names.push_back(name);
      files.knobs.push_back(knobs.number(name, 0));
    }
  }
  if (first) source.knobs = names;
  else if (names != source.knobs) from.refuse("knobs", "every pair needs the same knobs");
}

void read_files(AudioSource& source, Settings& data) {
  if (!data.asks("pairs")) {
    AudioFiles& files = source.files.emplace_back();
    files.input = data.text("input");
    files.target = data.text("target");
    return read_knobs(source, data, files, true);
  }
  const Json& pairs = data.value("pairs");
  if (!pairs.is_array() || pairs.empty()) data.refuse("pairs", "a list of objects with input and target is expected");
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    Settings pair = data.nested(pairs[i], fmt::format("pairs/{}", i));
    AudioFiles& files = source.files.emplace_back();
    files.input = pair.text("input");
    files.target = pair.text("target");
    read_knobs(source, pair, files, i == 0);
    pair.finish();
  }
}

void read_cut(AudioSource& source, Settings& data) {
  if (!data.asks("cut")) return;
  const Json& cut = data.value("cut");
  const auto frame = [&](std::size_t i) {
    if (!cut[i].is_number_integer() || cut[i] < 0) data.refuse("cut", "whole numbers from 0 are expected");
    return cut[i].get<Index>();
  };
  if (!cut.is_array() || cut.empty() || cut.size() > 2)
    data.refuse("cut", "[first] or [first, end] is expected, in frames of each file");
  source.first = frame(0);
  if (cut.size() > 1) source.last = frame(1);
  if (cut.size() > 1 && source.last <= source.first) data.refuse("cut", "the end must be behind the first frame");
}

void read_gains(AudioSource& source, Settings& data) {
  if (!data.asks("gain")) return;
  Settings gain = data.object("gain");
  source.input_gain = gain.number("input", 1);
  source.target_gain = gain.number("target", 1);
  for (const auto& [key, value] : {std::pair("input", source.input_gain), std::pair("target", source.target_gain)})
    if (!(value > 0)) gain.refuse(key, "must be above 0");
  gain.finish();
}

void read_latency(AudioSource& source, Settings& data) {
  if (!data.asks("latency")) return;
  if (data.value("latency") == "find") source.latency.reset();
  else source.latency = data.integer("latency", 0, -10'000'000);
}

void read_split(AudioSettings& to, Settings& data) {
  if (!data.asks("split")) return;
  Settings split = data.object("split");
  to.validation = split.number("validation", 0);
  to.test = split.number("test", 0);
  if (split.asks("seed")) to.split_seed = static_cast<std::uint64_t>(split.integer("seed", 0, 0));
  split.finish();
}

}  // namespace

AudioSettings AudioSettings::read(Settings data) {
  AudioSettings to;
  (void)data.text("kind");
  read_files(to.source, data);
  read_cut(to.source, data);
  read_gains(to.source, data);
  read_latency(to.source, data);
  if (data.asks("lengths")) to.source.shorter = data.choice("lengths", {"refuse", "shorter"}) == "shorter";
  if (data.asks("clipping")) to.source.allow_clipping = data.choice("clipping", {"refuse", "allow"}) == "allow";
  to.clip = data.integer("clip", 0, 0);
  to.windows.steps = data.integer("steps", 0, 0);
  to.windows.warm_up = data.integer("warm_up", 0, 0);
  if (data.asks("states")) to.windows.carried = data.choice("states", {"zero", "carried"}) == "carried";
  read_split(to, data);
  data.finish();
  return to;
}

AudioLoss::AudioLoss(Settings& settings) {
  const Json given = settings.value("loss");
  if (!given.is_array()) add(settings, "loss", given);
  else
    for (std::size_t i = 0; i < given.size(); ++i) add(settings, fmt::format("loss/{}", i), given[i]);
  if (terms_.empty()) settings.refuse("loss", "a loss is expected");
}

void AudioLoss::add(Settings& settings, const std::string& key, const Json& given) {
  static const std::vector<std::string> names = {"esr", "dc", "mean_squared_error", "mean_absolute_error"};
  Settings one = settings.nested(given.is_string() ? Json{{"class_name", given}} : given, key);
  Term term{.name = one.text("class_name")};
  if (std::ranges::find(names, term.name) == names.end())
    settings.refuse_name(given.is_string() ? key : key + "/class_name", term.name, names);
  term.weight = one.number("weight", 1);
  if (one.asks("config")) {
    Settings config = one.object("config");
    if (term.name == "esr") term.pre_emphasis = config.number("pre_emphasis", 0);
    if (!(term.pre_emphasis >= 0 && term.pre_emphasis <= 1)) config.refuse("pre_emphasis", "must be between 0 and 1");
    config.finish();
  }
  one.finish();
  terms_.push_back(std::move(term));
}

Var AudioLoss::operator()(Var prediction, Var target, Var signal) const {
  Var total;
  for (const Term& term : terms_) {
    Var one;
    if (term.name == "esr") one = error_to_signal(prediction, target, term.pre_emphasis, signal);
    else if (term.name == "dc") one = dc_error(prediction, target, signal);
    else if (term.name == "mean_squared_error") one = mean_squared_error(prediction, target);
    else one = mean_absolute_error(prediction, target);
    add_loss(total, one, term.weight);
  }
  return total;
}

double AudioLoss::pre_emphasis() const {
  constexpr double usual = 0.85;
  const auto found = std::ranges::find_if(terms_, [](const Term& term) { return term.pre_emphasis > 0; });
  return found == terms_.end() ? usual : found->pre_emphasis;
}

std::vector<std::string> read_audio_scores(Settings& settings) {
  std::vector<std::string> names = settings.texts("metrics");
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::ranges::find(AudioScores::names(), names[i]) == AudioScores::names().end())
      settings.refuse_name(fmt::format("metrics/{}", i), names[i], AudioScores::names());
  if (names.empty()) names = {"esr", "esr_pre", "dc"};
  return names;
}

}  // namespace recur::tools
