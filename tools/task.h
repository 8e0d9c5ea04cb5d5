#pragma once

#include <recur/interop/signal_path.h>
#include <recur/layers/ctc_decoding.h>
#include <recur/layers/sequential.h>
#include <recur/train/loop/batch_scores.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/metrics.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data.h"
#include "outputs.h"
#include "settings.h"

namespace recur {
class Registry;
}

namespace recur::tools {

/// Metadata of a model file that `recur train` wrote. With them the file can be used without its config.
struct ModelNotes {
  std::string config;                      ///< The whole config of the training, as JSON.
  Index features = 1;                      ///< Features of a time step of the inputs.
  std::optional<Vocabulary> vocabulary{};  ///< Characters of a model of text.
  std::vector<std::string> columns{};      ///< Columns of a table that are the features, in this order.
  interop::SignalPath path{};              ///< Gains and skip around an imported model.

  /// Throws FormatError if `Task::save` did not write the file.
  static ModelNotes load(const std::filesystem::path& file);
};

/// Returns the metrics that a config names. Throws UsageError if one is unknown.
[[nodiscard]] std::vector<std::unique_ptr<Metric>> read_metrics(Settings& settings);

/// Data, model, loss and metrics of a config.
class Task {
 public:
  struct Options {
    std::uint64_t seed = 0;
    DType dtype = DType::float32;        ///< Number type of the parameters.
    Index batch = 0;                     ///< Size of a batch; 0: that of the config.
    bool data = true;                    ///< Whether to read data.
    bool training = true;                ///< Whether to read the training data, too.
    bool one_stream = false;             ///< Whether to read a text as one stream, in its order.
    const ModelNotes* notes = nullptr;   ///< Metadata of a trained model; null for a new one.
    const Registry* registry = nullptr;  ///< Classes that the config may name; null: those of the library.
  };
  /// Throws UsageError, with the JSON pointer of the mistake, if the config is wrong.
  Task(Settings& settings, const Options& options);

  /// Returns the predictions for a batch: probabilities if the loss is a cross-entropy. Of sequences of different
  /// lengths it returns the valid steps only, one sequence after another.
  [[nodiscard]] Var predict(Tape& tape, const PaddedBatch& batch);
  /// Returns true if the model reads label lists, which `read` returns.
  [[nodiscard]] bool reads_labels() const { return outputs_.loss().of_label_lists(); }
  /// Returns the labels that the model reads in each sequence, by `ctc_greedy`.
  [[nodiscard]] std::vector<std::vector<std::int32_t>> read(Tape& tape, const PaddedBatch& batch);
  /// What a model that reads label lists makes of the frames of one sequence.
  struct Alignment {
    Index frames = 0, classes = 0;
    std::vector<double> probabilities{};  ///< `[frames, classes]`
    CtcReading reading{};                 ///< By `ctc_greedy`.
    std::vector<std::int32_t> wanted{};   ///< The labels of the data.
    [[nodiscard]] double probability(Index frame, Index label) const {
      return probabilities[static_cast<std::size_t>(frame * classes + label)];
    }
  };
  /// Returns the alignment of each sequence of a batch, without its padding.
  [[nodiscard]] std::vector<Alignment> align(Tape& tape, const PaddedBatch& batch);
  /// Returns the logits of a model of text at all steps.
  [[nodiscard]] Var logits(Tape& tape, const PaddedBatch& batch);
  /// A mean loss over the steps that count (those that lengths and masks leave), plus penalties of weights and outputs.
  struct Loss {
    Var value;
    double weight;  ///< Number of steps or examples in the mean.
  };
  [[nodiscard]] Loss loss(Tape& tape, const PaddedBatch& batch);
  /// Returns the mean loss over data, with the penalties of training, and the metrics. Ranks take batches in turn.
  [[nodiscard]] std::vector<std::pair<std::string, double>> evaluate(Tape& tape, const Source& data,
                                                                     World* world = nullptr);

  /// Makes all recurrent layers continue from batch to batch from their last states. Throws ValueError, which names
  /// `what` needs this, if a layer looks at later steps or cannot carry its states.
  void carry_states(const std::string& what);
  /// Adds the carried states to a checkpoint, and takes them from one.
  void save_states(TrainingState& to);
  void load_states(const TrainingState& from, const Share& share = {});  ///< `share`: the rows of this rank.
  /// Sets the carried states to zeros. The next batch may have another size.
  void reset_states();

  /// Writes a model file: the parameters, and the members of `ModelNotes` as metadata.
  void save(const std::filesystem::path& file, const std::string& config);
  /// Returns the texts that a checkpoint must have to be resumed, besides the loss: model and metrics.
  [[nodiscard]] Metadata identity() const;
  [[nodiscard]] const std::vector<NamedParameter>& parameters() const { return parameters_; }
  [[nodiscard]] Sequential& model() { return model_.as<Sequential>(); }
  /// Returns the number of features of a time step; 1 for ids.
  [[nodiscard]] Index features() const { return features_; }
  [[nodiscard]] Source& training() { return data_.training; }
  [[nodiscard]] const Source& validation() const { return data_.validation; }
  [[nodiscard]] const std::optional<Vocabulary>& vocabulary() const { return data_.vocabulary; }
  /// Returns the least possible loss, if it is known.
  [[nodiscard]] std::optional<double> optimum() const;

 private:
  void read_model(Settings& settings, const Options& options, const LossConfig& loss);
  void check_sizes(Settings& settings);
  void check_order(Settings& settings);
  void check_batch(Settings& settings, const Options& options);
  void build(Settings& settings, const Options& options);
  void refuse_looking_ahead(const std::string& why);
  /// Outputs and targets of a batch at the steps that count.
  struct Judged {
    Var raw;  ///< Output of the model.
    Tensor<float> targets;
    Var penalty;
    double count;                      ///< Number of steps or examples that count; 0: the other members are empty.
    std::span<const Index> lengths{};  ///< Lengths of the output, where the targets are label lists.
  };
  [[nodiscard]] LayerValue call(Tape& tape, const PaddedBatch& batch);
  [[nodiscard]] Judged judge(Tape& tape, const PaddedBatch& batch);
  [[nodiscard]] Var loss_of(const Judged& judged);
  void measure(Metric& metric, const Judged& judged);

  Data data_;
  AnyLayer model_;
  Index features_ = 1;
  std::vector<NamedParameter> parameters_;
  Outputs outputs_;
  std::vector<std::unique_ptr<Metric>> metrics_;
  std::vector<std::int32_t> input_ids_, target_ids_;  // of the batch at hand
  interop::SignalPath path_;                          // around the model
  bool ids_ = false;                                  // the inputs are ids, for an Embedding
  bool classes_ = false;                              // the targets are classes
};

}  // namespace recur::tools
