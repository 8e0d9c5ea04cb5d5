#pragma once

#include <recur/layers/config/config.h>
#include <recur/layers/inference/inference.h>
#include <recur/train/tables/model_notes.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace recur {

/// What a series is beside its inputs.
struct SteppedModelOptions {
  std::string id{};                         ///< Chooses the scales of a series that has its own.
  std::map<std::string, double> statics{};  ///< Static columns by name; of words `{"land=woods", 1}`.
  std::string start{};                      ///< Time of the first step, as tables have it; calendars need it.
};

/// A model of tables that goes through time a row at a time, in the user's units, with its states kept: for a program
/// that runs every hour or day. The verbs are those of the Basic Model Interface (BMI, Hutton et al. 2020).
///
///     SteppedModel river("runs/rainfall/model.safetensors");
///     river.set_value("prcp(mm/day)", 4.2);  // and each other input
///     river.update();
///     double runoff = river.get_value("runoff");
///     river.save_state("today.safetensors");
///
/// Begins with the initial states, as a window does: after n updates the outputs are those of a window of these n rows.
/// Afterwards the states go back further than any window does.
class SteppedModel {
 public:
  SteppedModel() = default;
  explicit SteppedModel(const std::filesystem::path& file, const SteppedModelOptions& options = {},
                        const Registry& registry = Registry()) {
    initialize(file, options, registry);
  }

  /// Reads a model file that `recur train` wrote. Throws FormatError for a file of another kind; ValueError for a model
  /// that needs a whole window (scales of windows, differences from a season, layers that look ahead), and for static
  /// columns that are missing or unknown.
  void initialize(const std::filesystem::path& file, const SteppedModelOptions& options = {},
                  const Registry& registry = Registry());
  /// Goes back to the initial states and the first step.
  void reset();

  /// Inputs to set before each update. Columns of the calendar and masks are not among them.
  [[nodiscard]] std::vector<std::string> input_names() const;
  [[nodiscard]] std::vector<std::string> output_names() const;
  [[nodiscard]] std::string units(const std::string& output) const;
  /// Sets an input of the step that `update` takes next; NaN if it is missing. Throws ValueError for an unknown name.
  void set_value(const std::string& name, double value);
  /// Takes one step, and forgets the inputs. Throws StateError, and takes no step, if an input is missing where the
  /// model was trained to refuse it.
  void update();
  /// Returns an output of the last step. @param ahead of a forecast of several rows which one. Throws StateError before
  /// the first update, ValueError for an unknown name or row.
  [[nodiscard]] double get_value(const std::string& name, Index ahead = 0) const;
  /// Time of the last step.
  [[nodiscard]] std::string current_time() const;
  [[nodiscard]] Index steps() const { return steps_; }

  /// Stores what the next steps depend on. Throws FormatError if the file cannot be written.
  void save_state(const std::filesystem::path& file) const;
  /// Goes on where `save_state` left off. Throws FormatError for a file of another model.
  void load_state(const std::filesystem::path& file);

 private:
  [[nodiscard]] std::size_t input(const std::string& name) const;
  [[nodiscard]] std::size_t output(const std::string& name) const;
  [[nodiscard]] std::int64_t time_of_step(Index step) const { return start_ + step * notes_.step; }
  void require_steppable() const;
  void take_statics(const SteppedModelOptions& options);
  void take_start(const std::string& start);
  void write_row(std::vector<float>& row) const;

  TableModelNotes notes_{};
  Scaling scaling_{};
  std::string id_{};
  std::vector<float> statics_{};  // scaled
  std::size_t given_ = 0;         // inputs that are set; those of the calendar and masks follow
  std::int64_t start_ = 0;
  Index steps_ = 0;
  std::vector<double> next_{}, last_{};  // inputs
  std::vector<float> outputs_{};
  std::unique_ptr<Inference> inference_{};
};

}  // namespace recur
