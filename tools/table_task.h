#pragma once

#include <recur/layers/any_layer.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/tables/model_notes.h>
#include <recur/train/tables/scores.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "table_batches.h"
#include "table_loss.h"
#include "table_settings.h"

namespace recur {
class Registry;
}

namespace recur::tools {

/// What a model file says of the tables it was trained on.
struct TableNotes {
  std::string config;
  Scaling scaling{};
  std::vector<std::pair<std::string, std::vector<std::string>>> categories{};
  std::vector<std::string> ids{};  ///< Of the series that were trained on; empty if they are not known.

  /// @throws FormatError for a file that `TableTask::save` did not write
  static TableNotes load(const std::filesystem::path& file);
};

/// What a config describes whose data are tables: data, model, loss and scores.
class TableTask {
 public:
  /// @param registry classes that the config may name; null: the library's @param notes of the model, if it is trained
  /// already
  TableTask(Settings& settings, std::uint64_t seed, const Registry* registry, const TableNotes* notes = nullptr);

  /// Another model with random numbers by another seed, over the data at hand.
  void restart(Settings& settings, std::uint64_t seed);

  /// Where backpropagation is truncated, the states go on from the steps before unless windows begin.
  [[nodiscard]] Var loss(Tape& tape, const TableSteps& batch, double& count);
  /// Forecasts in the user's units and, if it is asked for, the mean loss.
  [[nodiscard]] std::vector<Forecast> forecast(Tape& tape, const TableWindows& windows, std::span<const WindowEnd> ends,
                                               double* mean_loss = nullptr);
  using Numbers = std::vector<std::pair<std::string, double>>;
  /// Each metric, with several targets the mean and each; the part of targets below each quantile.
  /// @param both of several series, whether each metric is of all together and the median of the series
  [[nodiscard]] Numbers scores(std::span<const Forecast> forecasts, bool both = true) const;
  /// Forecasts by arithmetic: "last_value", "seasonal_naive", or "mean" of the training part.
  [[nodiscard]] std::vector<Forecast> baseline(const std::string& name, std::span<const Forecast> like,
                                               const TableWindows& windows) const;
  [[nodiscard]] std::vector<std::string> baselines() const;

  void save(const std::filesystem::path& file, const std::string& config);
  [[nodiscard]] Metadata identity() const;
  [[nodiscard]] const std::vector<NamedParameter>& parameters() const { return parameters_; }
  [[nodiscard]] AnyLayer& model() { return model_; }
  /// Layers that carry states from steps to steps of a window; none unless backpropagation is truncated.
  [[nodiscard]] std::vector<RNN*> carrying();

  [[nodiscard]] TableBatches training() const;
  [[nodiscard]] const TableWindows& windows() const { return *windows_; }
  [[nodiscard]] std::vector<WindowEnd> ends(Part part) const;
  /// Windows to test: of the test part, or the last of each series of the test files.
  [[nodiscard]] const TableWindows& test_windows() const { return test_windows_ ? *test_windows_ : far_windows(); }
  /// Windows whose targets are all that is forecast, those of recursive forecasts too.
  [[nodiscard]] const TableWindows& far_windows() const { return far_windows_ ? *far_windows_ : *windows_; }
  [[nodiscard]] std::vector<WindowEnd> far_ends(Part part) const;
  [[nodiscard]] std::vector<WindowEnd> test_ends() const;
  [[nodiscard]] const TableSettings& settings() const { return settings_; }
  [[nodiscard]] const TableLoss& table_loss() const { return loss_; }
  [[nodiscard]] const std::vector<std::string>& metrics() const { return metrics_; }

 private:
  void read_tables(Settings& settings, const TableNotes* notes);
  [[nodiscard]] SeriesTable read(Settings& settings, const char* key, TableSource& source) const;
  void read_test(Settings& settings);
  void read_far();
  [[nodiscard]] TableWindowOptions far_options() const;
  void say_unseen(const TableNotes& notes, const std::vector<std::string>& adopted) const;
  void build(Settings& settings, std::uint64_t seed);
  void check(Settings& settings);
  void carry_states();
  void forget();
  [[nodiscard]] Var loss_of(Var prediction, const WindowBatch& batch, double& count);
  [[nodiscard]] Var output(Tape& tape, const Tensor<float>& inputs);
  [[nodiscard]] std::vector<Forecast> begin_forecasts(const TableWindows& windows,
                                                      std::span<const WindowEnd> ends) const;
  void add_outputs(std::span<Forecast> to, const TableWindows& windows, const WindowBatch& batch, Var output) const;
  [[nodiscard]] std::vector<Forecast> forecast_recursively(Tape& tape, const TableWindows& windows,
                                                           std::span<const WindowEnd> ends);
  [[nodiscard]] TableModelNotes notes() const;
  void add_quantile_scores(Numbers& all, std::span<const Forecast> forecasts) const;

  const Registry* registry_;
  TableSettings settings_;
  TableLoss loss_;
  std::vector<std::string> metrics_;
  Index batch_ = 32;
  std::uint64_t seed_ = 0;
  std::unique_ptr<SeriesTable> table_, test_table_;
  Scaling scaling_;
  std::optional<TableWindows> windows_, far_windows_, test_windows_;
  AnyLayer model_;
  std::vector<NamedParameter> parameters_;
  Var penalty_{};  // of the outputs of the batch at hand
};

/// Returns ids for a message: 'a', 'b', 'c' and 4 more.
[[nodiscard]] std::string ids_text(std::span<const std::string> ids);

/// The scores that a config names, or those that its loss suggests. @throws UsageError
[[nodiscard]] std::vector<std::string> read_scores(Settings& settings);

}  // namespace recur::tools
