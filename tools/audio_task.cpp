#include "audio_task.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/split.h>
#include <recur/io/model_file.h>
#include <recur/layers/config/config.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/regularizers.h>

#include <algorithm>

namespace recur::tools {
namespace {

constexpr Index frames_at_once = 4096;  // frames that are put through the model at once

/// Layers that need later steps, or steps before a window and cannot carry them.
void refuse_layers(AnyLayer& model) {
  for (AnyLayer* layer : sequence_layers(model)) {
    const bool inner = !(*layer)->parts().empty();
    require<ValueError>(inner || !(*layer)->looks_ahead(), "an effect cannot know later samples, at which its {} looks",
                        (*layer)->class_name());
    require<ValueError>(inner || !(*layer)->takes_states() || (*layer)->rnn() != nullptr,
                        "its {} does not carry states from window to window", (*layer)->class_name());
  }
  require<ValueError>(!model->looks_ahead(), "an effect cannot know later samples, at which this model looks");
}

}  // namespace

AudioTask::AudioTask(Settings& settings, const Options& options)
    : settings_(AudioSettings::read(settings.object("data"))),
      loss_(settings),
      metrics_(read_audio_scores(settings)),
      skip_(settings.flag("skip")) {
  settings_.windows.batch = settings.integer("batch", 32, 1);
  settings_.windows.seed = options.seed;
  read(settings, options);
  build(settings, options);
}

void AudioTask::read(Settings& settings, const Options& options) {
  Settings data = settings.object("data");
  const char* key = data.has("pairs") ? "pairs" : "input";
  pairs_ = std::make_unique<AudioPairs>(data.about(
      key, [&] { return options.targets ? read_audio(settings_.source) : read_audio_inputs(settings_.source); }));
  data.about(key, [&] {
    require<ValueError>(options.rate == 0 || pairs_->rate == options.rate,
                        "'{}' has {} Hz, the model was trained at {} Hz; convert the file", pairs_->pairs[0].name,
                        pairs_->rate, options.rate);
  });
  if (!options.targets) return;
  data.about("clip", [&] { clips_.emplace(*pairs_, settings_.clip); });
  data.about("split",
             [&] { split_ = split_clips(clips_->size(), settings_.validation, settings_.test, settings_.split_seed); });
  data.about("warm_up", [&] { (void)training(); });
}

void AudioTask::build(Settings& settings, const Options& options) {
  model_ = settings.build("model", [](const Settings::Json& json) { return layer_from_config(json.dump()); });
  settings.about("model", [&] {
    refuse_layers(model_);
    Builder builder(pairs_->features(), DType::float32, Generator(options.seed));
    model_.build(builder);
    ParameterVisitor visitor;
    model_.visit(visitor);
    parameters_ = visitor.take();
    for (RNN* rnn : recurrent()) {
      RNNOptions own = rnn->options();
      own.stateful = true;
      rnn->set_options(own);
    }
    Tape tape;
    const NoGradient inference(tape);
    const Shape shape{1, 2, pairs_->features()};
    (void)output(tape, Tensor<float>(shape));
    forget();
  });
}

void AudioTask::forget() {
  model_->reset_states();
  for (RNN* rnn : recurrent()) rnn->set_options(rnn->options());
}

Var AudioTask::output(Tape& tape, const Tensor<float>& inputs, Var* penalty) {
  LayerValue input;
  input.value = tape.constant(inputs);
  const LayerValue result = model_->call(input);
  const Shape wanted = inputs.shape().with(2, pairs_->channels);
  require<ValueError>(result.value.shape() == wanted,
                      "the model gives {} where {} is wanted: the last layer needs {} unit{}, recurrent layers "
                      "\"return_sequences\": true",
                      result.value.shape(), wanted, pairs_->channels, pairs_->channels == 1 ? "" : "s");
  if (penalty != nullptr) *penalty = result.penalty;
  return skip_ ? Var(result.value + slice(input.value, -1, 0, pairs_->channels)) : result.value;
}

Var AudioTask::loss(Tape& tape, const AudioWindows::Window& window) {
  if (window.begins) forget();
  if (window.warm_up.size() > 0) {
    const NoGradient unlearned(tape);
    (void)output(tape, window.warm_up);
  }
  Var activity;
  const Var prediction = output(tape, window.inputs, &activity);
  const Var signal = window.of_all.size() > 0 ? tape.constant(window.of_all) : Var();
  const Var value = loss_(prediction, tape.constant(window.targets), signal);
  return with_penalties(value, parameters_, activity);
}

void AudioTask::compare(Tape& tape, std::span<const Index> clips, const std::function<void(const Signals&)>& use) {
  const NoGradient inference(tape);
  const AudioWindowOptions& options = settings_.windows;
  const auto lanes = options.carried ? joined_lanes(clips, options.batch) : lanes_of(clips);
  const Index length = static_cast<Index>(lanes[0].size()) * clips_->length();
  for (std::size_t first = 0; first < lanes.size(); first += static_cast<std::size_t>(options.batch)) {
    const auto own =
        std::span(lanes).subspan(first, std::min(static_cast<std::size_t>(options.batch), lanes.size() - first));
    std::vector<Signals> signals(own.size());
    forget();
    for (Index at = 0; at < length; at += frames_at_once) {
      const AudioBatch batch = gather(*clips_, own, at, std::min(at + frames_at_once, length));
      const Var prediction = output(tape, batch.inputs);
      add_signals(signals, batch, prediction, std::max<Index>(0, options.warm_up - at));
      tape.reset();
    }
    for (const Signals& one : signals) use(one);
  }
  forget();
}

void AudioTask::add_signals(std::vector<Signals>& to, const AudioBatch& batch, Var prediction, Index first) const {
  const std::vector<double> predicted = prediction.to_doubles();
  const Index frames = batch.targets.shape()[1], features = pairs_->features(), channels = pairs_->channels;
  const auto gain = static_cast<float>(1 / settings_.source.target_gain);
  for (std::size_t lane = 0; lane < to.size(); ++lane)
    for (Index frame = first; frame < frames; ++frame) {
      const Index row = static_cast<Index>(lane) * frames + frame;
      for (Index c = 0; c < channels; ++c) {
        const Index at = row * channels + c;
        to[lane].input.push_back(batch.inputs.data()[row * features + c]);
        to[lane].target.push_back(gain * batch.targets.data()[at]);
        to[lane].prediction.push_back(gain * static_cast<float>(predicted[static_cast<std::size_t>(at)]));
      }
    }
}

AudioScores AudioTask::scores(Tape& tape, std::span<const Index> clips) {
  AudioScores scores(loss_.pre_emphasis());
  compare(tape, clips, [&](const Signals& one) { scores.add(one.prediction, one.target, pairs_->channels); });
  return scores;
}

std::vector<float> AudioTask::process(Tape& tape, const AudioPair& pair) {
  const NoGradient inference(tape);
  const Index frames = pair.frames(pairs_->channels), channels = pairs_->channels;
  std::vector<float> result;
  result.reserve(pair.input.size());
  forget();
  for (Index at = 0; at < frames; at += frames_at_once) {
    const Index count = std::min(frames_at_once, frames - at);
    Tensor<float> inputs(Shape{1, count, pairs_->features()});
    float* to = inputs.data();
    for (Index frame = at; frame < at + count; ++frame) {
      to = std::copy_n(pair.input.data() + frame * channels, channels, to);
      to = std::ranges::copy(pair.knobs, to).out;
    }
    for (const double y : output(tape, inputs).to_doubles())
      result.push_back(static_cast<float>(y / settings_.source.target_gain));
    tape.reset();
  }
  forget();
  return result;
}

void AudioTask::save(const std::filesystem::path& file, const std::string& config) {
  Metadata notes = {{"model", get_config(model_)},
                    {"config", config},
                    {"features", std::to_string(pairs_->features())},
                    {"dtype", name(DType::float32)},
                    {"sample_rate", std::to_string(pairs_->rate)}};
  // As `recur import` writes them: y = output_gain · (model(input_gain · x) + the first `skip` channels of it).
  if (skip_) notes["skip"] = std::to_string(pairs_->channels);
  if (settings_.source.input_gain != 1) notes["input_gain"] = fmt::format("{}", settings_.source.input_gain);
  if (settings_.source.target_gain != 1) notes["output_gain"] = fmt::format("{}", 1 / settings_.source.target_gain);
  save_parameters(file, parameters_, notes);
}

Metadata AudioTask::identity() const {
  std::string metrics;
  for (const std::string& name : metrics_) metrics += (metrics.empty() ? "" : ", ") + name;
  return {{"model", get_config(model_)}, {"metrics", std::move(metrics)}, {"skip", skip_ ? "yes" : "no"}};
}

}  // namespace recur::tools
