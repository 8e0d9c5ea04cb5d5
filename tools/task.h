#pragma once

#include <recur/layers/sequential.h>
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

/// What a model file says of itself, so that nothing else is needed to use it.
struct ModelNotes {
  std::string config;                      ///< All of what it was trained with.
  Index features = 1;                      ///< Of a step of its inputs.
  std::optional<Vocabulary> vocabulary{};  ///< Of text.
  std::vector<std::string> columns{};      ///< Of a table: those that are its features, in this order.

  /// @throws FormatError for a file that `Task::save` did not write
  static ModelNotes load(const std::filesystem::path& file);
};

/// The metrics of a config. @throws UsageError
[[nodiscard]] std::vector<std::unique_ptr<Metric>> read_metrics(Settings& settings);

/// What a config describes besides the training itself: data, model, loss and metrics.
class Task {
 public:
  struct Options {
    std::uint64_t seed = 0;
    DType dtype = DType::float32;        ///< Of the parameters.
    Index batch = 0;                     ///< 0: as the config says.
    bool data = true;                    ///< Whether any data is wanted …
    bool training = true;                ///< … that to train on, too …
    bool one_stream = false;             ///< … and in its order.
    const ModelNotes* notes = nullptr;   ///< Of the model, if it is trained already.
    const Registry* registry = nullptr;  ///< The classes that the model may be made of; null: the library's.
  };
  /// @throws UsageError with the JSON pointer of what is wrong
  Task(Settings& settings, const Options& options);

  /// What the model says, probabilities where the loss is a cross-entropy: of sequences of different lengths only at
  /// the steps that they have, one after another.
  [[nodiscard]] Var predict(Tape& tape, const PaddedBatch& batch);
  /// Whether `read` is what the model is for.
  [[nodiscard]] bool reads_labels() const { return outputs_.loss().of_label_lists(); }
  /// The labels that the model reads in each sequence, by `ctc_greedy`.
  [[nodiscard]] std::vector<std::vector<std::int32_t>> read(Tape& tape, const PaddedBatch& batch);
  /// The logits of a model of text, at all steps.
  [[nodiscard]] Var logits(Tape& tape, const PaddedBatch& batch);
  /// A mean over the steps that neither lengths nor a mask leave out, and the penalties of weights and outputs.
  struct Loss {
    Var value;
    double weight;  ///< Steps or examples it is the mean of.
  };
  [[nodiscard]] Loss loss(Tape& tape, const PaddedBatch& batch);
  /// The mean loss, with penalties as in training, and the metrics over data.
  [[nodiscard]] std::vector<std::pair<std::string, double>> evaluate(Tape& tape, const Source& data);

  /// From now on recurrent layers, nested ones too, go on from the states where they ended. @throws ValueError, for
  /// what is named, where one of the layers looks at later steps, or cannot carry its states.
  void carry_states(const std::string& what);
  /// Carried states, to be saved with a checkpoint.
  void save_states(TrainingState& to);
  void load_states(const TrainingState& from);
  /// Starts over with zeros; the next batch may be of another size.
  void reset_states();

  /// Writes the parameters with all that `ModelNotes` holds.
  void save(const std::filesystem::path& file, const std::string& config);
  /// What a run cannot be resumed without, besides the loss: model and metrics.
  [[nodiscard]] Metadata identity() const;
  [[nodiscard]] const std::vector<NamedParameter>& parameters() const { return parameters_; }
  [[nodiscard]] Sequential& model() { return model_.as<Sequential>(); }
  /// Of a step of the inputs; 1 for ids.
  [[nodiscard]] Index features() const { return features_; }
  [[nodiscard]] Source& training() { return data_.training; }
  [[nodiscard]] const Source& validation() const { return data_.validation; }
  [[nodiscard]] const std::optional<Vocabulary>& vocabulary() const { return data_.vocabulary; }
  /// The least loss that any model can have, if it is known.
  [[nodiscard]] std::optional<double> optimum() const;

 private:
  void read_model(Settings& settings, const Options& options, const LossConfig& loss);
  void check_sizes(Settings& settings);
  void check_order(Settings& settings);
  void check_batch(Settings& settings, const Options& options);
  void build(Settings& settings, const Options& options);
  void refuse_looking_ahead(const std::string& why);
  /// What a batch is judged by: the output and the targets at the steps that count.
  struct Judged {
    Var raw;  ///< As the model gives it.
    Tensor<float> targets;
    Var penalty;
    double count;                      ///< Steps or examples; 0: none count, and there is nothing else.
    std::span<const Index> lengths{};  ///< Of the output, where the targets are label lists.
  };
  [[nodiscard]] LayerValue call(Tape& tape, const PaddedBatch& batch);
  [[nodiscard]] Judged judge(Tape& tape, const PaddedBatch& batch);
  [[nodiscard]] Var penalized(Tape& tape, Var loss, Var activity);
  [[nodiscard]] Var loss_of(const Judged& judged);
  void measure(Metric& metric, const Judged& judged);

  Data data_;
  AnyLayer model_;
  Index features_ = 1;
  std::vector<NamedParameter> parameters_;
  Outputs outputs_;
  std::vector<std::unique_ptr<Metric>> metrics_;
  std::vector<std::int32_t> input_ids_, target_ids_;  // of the batch at hand
  bool ids_ = false;                                  // the inputs are ids, for an Embedding
  bool classes_ = false;                              // the targets are classes
};

}  // namespace recur::tools
