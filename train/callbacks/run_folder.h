#pragma once

#include <recur/io/folder_lock.h>
#include <recur/train/callbacks/log_file.h>
#include <recur/train/callbacks/report_page.h>
#include <recur/train/loop/training.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace recur {

struct RunFolderOptions {
  std::filesystem::path directory;  ///< `runs/NAME`; made if it is not there.
  std::string title{};              ///< Empty: the folder's name.
  std::string config{};             ///< What the program was told, as JSON; becomes `config.json`.
  std::string summary{};            ///< Of the model: `summary(model, input)`. Empty: a list of the parameters.
  bool locked = false;              ///< The program holds a FolderLock of the directory itself.
};

/// A callback that records a training in a folder: `config.json`, `metrics.csv` and `metrics.jsonl` (see CsvLogger,
/// JsonLinesLogger), `curves.svg` with losses, metrics, learning rate, gradient norm and throughput, and `report.html`
/// with the curves, the model, timings, samples and the environment. Pictures and page are written again during
/// training.
///
/// Files are written after the checkpoint of an epoch. If one cannot be written, a warning says so and training goes
/// on. A resumed training writes the logs again from its checkpoint. Only one training at a time may use the folder.
class RunFolder {
 public:
  static constexpr bool leader_only = true;
  /// Throws ValueError if the directory is empty or the config is not JSON.
  explicit RunFolder(RunFolderOptions options);

  /// Throws FormatError if the folder cannot be made or one of its files is a link that leads out of it, StateError if
  /// another training uses it.
  void on_train_begin(Training& training);
  void on_step_end(Training& training);
  /// Throws ValueError if the metrics differ from those of the first epoch.
  void on_epoch_end(Training& training);
  void on_epoch_saved(Training& training);
  void on_train_end(Training& training);
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

  /// Adds a result to the top of the page, such as a test score. `write` writes it.
  void add_result(std::string name, std::string value) { results_.emplace_back(std::move(name), std::move(value)); }
  /// Adds a text to the page, such as a sample the model made. `write` writes it.
  void add_sample(std::string title, std::string text) { samples_.push_back({std::move(title), std::move(text)}); }
  /// Adds a picture to the page, besides the curves.
  void add_plot(LinePlot plot) { pictures_.push_back(std::move(plot)); }
  /// Adds a picture of a matrix to the page, such as a confusion matrix.
  void add_map(HeatMap map) { maps_.push_back(std::move(map)); }
  /// Writes `curves.svg` and `report.html`. Throws FormatError if a file cannot be written.
  void write() const;
  [[nodiscard]] const std::filesystem::path& directory() const { return options_.directory; }

 private:
  struct Epoch {
    Index number;
    bool best;
    bool interrupted;
    NamedNumbers numbers;
  };
  // The loss along the steps: means of `stride` steps each, which doubles whenever the points become too many.
  struct Steps {
    Index stride = 1;
    std::vector<double> step;
    std::vector<double> loss;
    double sum = 0;
    Index summed = 0;
    void add(Index number, double value);
  };

  void describe_parameters(Training& training);
  void rebuild_logs();
  void write_or_warn();
  [[nodiscard]] std::vector<double> column(std::size_t at) const;
  [[nodiscard]] LinePlot losses() const;
  [[nodiscard]] std::vector<LinePlot> plots() const;
  [[nodiscard]] ReportPage::Facts tiles() const;
  [[nodiscard]] ReportPage::Table table() const;

  RunFolderOptions options_;
  std::optional<FolderLock> lock_;
  LogFile csv_;
  LogFile lines_;
  std::vector<Epoch> epochs_;
  Steps steps_;
  ReportPage::Facts results_;
  std::vector<ReportPage::Text> samples_;
  std::vector<LinePlot> pictures_;
  std::vector<HeatMap> maps_;
  Index parameters_ = 0;
  std::string parameter_list_;
  Index wanted_epochs_ = 0;
  std::string items_;
  std::string ended_ = "training";
  std::chrono::steady_clock::time_point written_{};
  bool warned_ = false;  // that pictures cannot be written
};

}  // namespace recur
