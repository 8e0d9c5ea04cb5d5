#pragma once

#include <recur/layers/any_layer.h>
#include <recur/train/audio/audio_scores.h>
#include <recur/train/loop/checkpoint.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audio_settings.h"

namespace recur::tools {

/// What a config describes whose data are recordings of a device: data, model, loss and scores.
class AudioTask {
 public:
  struct Options {
    std::uint64_t seed = 0;
    Index rate = 0;       ///< Of a model that is trained already; 0: that of the files.
    bool targets = true;  ///< Whether targets are read; otherwise files are only to be put through the model.
  };
  /// @throws UsageError
  AudioTask(Settings& settings, const Options& options);

  /// The loss of a window; the states go on from the window before unless it begins.
  [[nodiscard]] Var loss(Tape& tape, const AudioWindows::Window& window);
  /// Sets carried states to zeros.
  void forget();
  /// Scores of clips, each from states of zeros, or joined as in training; warm-up counts in none.
  [[nodiscard]] AudioScores scores(Tape& tape, std::span<const Index> clips);
  /// What a lane of clips holds and what the model makes of it, `[frames, channels]` without the warm-up.
  struct Signals {
    std::vector<float> input;       ///< Times the gain of inputs.
    std::vector<float> prediction;  ///< In the units of the files.
    std::vector<float> target;
  };
  /// Calls `use` with the signals of each lane of clips, in order.
  void compare(Tape& tape, std::span<const Index> clips, const std::function<void(const Signals&)>& use);
  /// A whole recording through the model, in the units of its file. @returns `[frames, channels]`
  [[nodiscard]] std::vector<float> process(Tape& tape, const AudioPair& pair);

  void save(const std::filesystem::path& file, const std::string& config);
  [[nodiscard]] Metadata identity() const;
  [[nodiscard]] const std::vector<NamedParameter>& parameters() const { return parameters_; }
  [[nodiscard]] std::vector<RNN*> recurrent() { return recurrent_layers(model_); }
  [[nodiscard]] AudioWindows training() const { return {*clips_, split_.training, settings_.windows}; }
  [[nodiscard]] const AudioSplit& split() const { return split_; }
  [[nodiscard]] const AudioPairs& pairs() const { return *pairs_; }
  [[nodiscard]] const AudioSettings& settings() const { return settings_; }
  [[nodiscard]] const std::vector<std::string>& metrics() const { return metrics_; }

 private:
  void read(Settings& settings, const Options& options);
  void build(Settings& settings, const Options& options);
  [[nodiscard]] Var output(Tape& tape, const Tensor<float>& inputs, Var* penalty = nullptr);
  void add_signals(std::vector<Signals>& to, const AudioBatch& batch, Var prediction, Index first) const;

  AudioSettings settings_;
  AudioLoss loss_;
  std::vector<std::string> metrics_;
  bool skip_;
  std::unique_ptr<AudioPairs> pairs_;
  std::optional<AudioClips> clips_;
  AudioSplit split_;
  AnyLayer model_;
  std::vector<NamedParameter> parameters_;
};

}  // namespace recur::tools
