#pragma once

#include <recur/layers/any_layer.h>
#include <recur/train/labels/class_scores.h>
#include <recur/train/labels/label_windows.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/tables/scaling.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "outputs.h"
#include "settings.h"

namespace recur::tools {

/// What a config's `data` of the kind `classification` says: docs/jobs/classification.md.
struct ClassSettings {
  RecordingSource source{};
  LabelWindowOptions windows{};
  ScaleKind scale = ScaleKind::standard;
  bool by_recording = false;  ///< Recordings are scaled by `scale_by_recording`.
  Settings::Json split{};

  /// @throws UsageError with the JSON pointer of what is wrong
  static ClassSettings read(Settings data);
};

/// What a model file says of the recordings it was trained on.
struct ClassNotes {
  std::vector<std::string> classes;
  Scaling scaling;

  /// @throws FormatError for a file that `ClassTask::save` did not write
  static ClassNotes load(const std::filesystem::path& file);
};

/// Windows of a part in batches: those of similar lengths together, in another order every epoch.
class ClassBatches {
 public:
  ClassBatches(const LabelledRecordings& recordings, std::vector<LabelWindow> windows, Index batch, std::uint64_t seed,
               bool every_step);

  [[nodiscard]] Index size() const { return static_cast<Index>(batches_.size()); }
  [[nodiscard]] PaddedBatch operator[](Index index) const;
  void start_epoch(Index epoch);

 private:
  const LabelledRecordings& recordings_;
  std::vector<LabelWindow> windows_;
  Index batch_;
  std::uint64_t seed_;
  bool every_step_;
  std::vector<std::vector<Index>> batches_;
};

/// What a config describes whose data are labelled recordings: data, model, loss and scores.
class ClassTask {
 public:
  /// @param notes of the model, if it is trained already
  ClassTask(Settings& settings, std::uint64_t seed, const ClassNotes* notes = nullptr);

  /// The loss of a batch; `count` becomes the number of labels that it is a mean of.
  [[nodiscard]] Var loss(Tape& tape, const PaddedBatch& batch, double& count);
  /// Probabilities for windows (of every step for all their rows, one after another) and, if it is asked for, the mean
  /// loss.
  [[nodiscard]] ClassDecisions decide(Tape& tape, std::span<const LabelWindow> windows, double* mean_loss = nullptr);
  using Numbers = std::vector<std::pair<std::string, double>>;
  [[nodiscard]] Numbers scores(const ClassDecisions& decisions) const;

  void save(const std::filesystem::path& file, const std::string& config);
  [[nodiscard]] Metadata identity() const;
  [[nodiscard]] const std::vector<NamedParameter>& parameters() const { return parameters_; }
  [[nodiscard]] ClassBatches training() const;
  [[nodiscard]] std::vector<LabelWindow> windows(Part part) const {
    return label_windows(recordings_, part, settings_.windows);
  }
  [[nodiscard]] const LabelledRecordings& recordings() const { return recordings_; }
  [[nodiscard]] const ClassSettings& settings() const { return settings_; }

 private:
  void read(Settings& settings, const ClassNotes* notes);
  void read_loss(Settings& settings);
  void read_weights(Settings& settings);
  void build(Settings& settings, std::uint64_t seed);
  /// What the model gives for the rows that count, with their labels and weights.
  struct Rows {
    Var raw;
    std::vector<std::int32_t> labels;
    std::vector<float> weights;
    Var penalty;
  };
  [[nodiscard]] Rows rows_of(Tape& tape, const PaddedBatch& batch);
  [[nodiscard]] Var loss_of(const Rows& rows, double& count);

  ClassSettings settings_;
  std::vector<std::string> metrics_;
  std::optional<double> gamma_{};  // of the focal loss
  LossConfig loss_{};
  Index batch_ = 32;
  std::uint64_t seed_ = 0;
  LabelledRecordings recordings_;
  Scaling scaling_;
  std::vector<float> class_weights_;  // empty: all 1
  AnyLayer model_;
  Outputs outputs_;
  std::vector<NamedParameter> parameters_;
};

/// The scores that a config names; accuracy and f1 if it names none. @throws UsageError
[[nodiscard]] std::vector<std::string> read_class_scores(Settings& settings);

}  // namespace recur::tools
