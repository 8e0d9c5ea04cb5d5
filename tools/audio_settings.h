#pragma once

#include <recur/framework/autodiff/var.h>
#include <recur/train/audio/audio_pairs.h>
#include <recur/train/audio/audio_windows.h>

#include <optional>
#include <string>
#include <vector>

#include "settings.h"

namespace recur::tools {

/// What a config's `data` of the kind `audio` says: docs/jobs/audio.md.
struct AudioSettings {
  AudioSource source{};
  Index clip = 0;
  AudioWindowOptions windows{};
  double validation = 0.1, test = 0.1;
  std::optional<std::uint64_t> split_seed{};

  /// @throws UsageError with the JSON pointer of what is wrong
  static AudioSettings read(Settings data);
};

/// A loss of audio effects: a sum of terms with weights.
class AudioLoss {
 public:
  /// A name, an object with `class_name`, `config` and `weight`, or a list of these. @throws UsageError
  explicit AudioLoss(Settings& settings);
  /// @param prediction, target `[batch, time, channels]` @param signal the targets of all ranks; undefined: target
  [[nodiscard]] Var operator()(Var prediction, Var target, Var signal = {}) const;
  /// Of the first term that has one; CoreAudioML's 0.85 if none has.
  [[nodiscard]] double pre_emphasis() const;

 private:
  struct Term {
    std::string name;
    double weight = 1;
    double pre_emphasis = 0;
  };
  void add(Settings& settings, const std::string& key, const Settings::Json& given);

  std::vector<Term> terms_;
};

/// The scores that a config names; esr, esr_pre and dc if it names none. The first one chooses the best epoch.
/// @throws UsageError
[[nodiscard]] std::vector<std::string> read_audio_scores(Settings& settings);

}  // namespace recur::tools
