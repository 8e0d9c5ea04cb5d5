#pragma once

#include <recur/train/tables/series_table.h>

#include <cmath>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace recur {

/// How numbers of a column become numbers around 0.
enum class ScaleKind : unsigned char {
  none,
  standard,          ///< Less the mean, divided by the deviation.
  minmax,            ///< From 0 to 1.
  robust,            ///< Less the median, divided by the distance of the quartiles.
  log,               ///< ln(1 + x), then as `standard`.
  series,            ///< As `standard`, each series by its own mean and deviation.
  window,            ///< Each window less its mean, divided by the mean of its absolute values.
  window_deviation,  ///< Each window less its mean, divided by its deviation.
  window_log,        ///< ln(1 + x), then as `window_deviation`.
};

/// "standard" … as configs name them. @throws ValueError for another name, with the nearest and all
[[nodiscard]] ScaleKind scale_kind(const std::string& name);
[[nodiscard]] std::vector<std::string> scale_kind_names();
[[nodiscard]] std::string scale_kind_name(ScaleKind kind);

/// x, or its logarithm ln(1 + x), is scaled to (x - offset) / factor.
struct Affine {
  double offset = 0;
  double factor = 1;
};

/// The scale of a column.
struct ColumnScale {
  std::string name;
  ScaleKind kind = ScaleKind::standard;
  Affine all{};                            ///< Of all training rows.
  std::map<std::string, Affine> series{};  ///< By id, of kind `series`.

  [[nodiscard]] bool of_windows() const {
    return kind == ScaleKind::window || kind == ScaleKind::window_deviation || kind == ScaleKind::window_log;
  }
  [[nodiscard]] bool of_logarithms() const { return kind == ScaleKind::log || kind == ScaleKind::window_log; }
  /// Returns x, or its logarithm: what the offset of a scale is subtracted from.
  [[nodiscard]] double before_scaling(double x) const { return of_logarithms() ? std::log1p(x) : x; }
  /// Of a series; that of all series for an id that was not in training.
  [[nodiscard]] Affine of(const std::string& id) const;
  [[nodiscard]] double apply(double x, const Affine& scale) const;
  [[nodiscard]] double undo(double scaled, const Affine& scale) const;
};

struct ScaleOptions {
  ScaleKind inputs = ScaleKind::standard;
  ScaleKind statics = ScaleKind::standard;
  ScaleKind targets = ScaleKind::standard;
  std::map<std::string, ScaleKind> columns{};  ///< Other kinds for some columns, by name.
};

/// The scales of all columns of a table, learned from its training rows. A target that is also an input has the input's
/// scale. Sines and cosines of the calendar, masks and categories stay as they are.
///
///     const Scaling scaling = Scaling::fit(table);
///     scaling.apply(table);
///     model_file["scaling"] = scaling.to_json();
class Scaling {
 public:
  Scaling() = default;
  /// @throws ValueError without training rows, for a column that is constant or missing in all of them, and for a kind
  /// of a column that is not there
  [[nodiscard]] static Scaling fit(const SeriesTable& table, const ScaleOptions& options = {});

  /// Scales inputs and statics in place, except those that each window scales; what is missing becomes 0, the mean.
  /// Targets stay in the user's units. @throws ValueError for a table with other columns
  void apply(SeriesTable& table) const;
  /// Where series are scaled each by its own numbers: learns scales for ids that were not in training from all rows of
  /// theirs. Returns the ids. Must be called before `apply`.
  std::vector<std::string> adopt(const SeriesTable& table);
  [[nodiscard]] const std::vector<ColumnScale>& inputs() const { return inputs_; }
  [[nodiscard]] const std::vector<ColumnScale>& statics() const { return statics_; }
  [[nodiscard]] const std::vector<ColumnScale>& targets() const { return targets_; }

  /// Keeps every bit of the numbers.
  [[nodiscard]] std::string to_json() const;
  /// @throws FormatError for what `to_json` did not write
  [[nodiscard]] static Scaling from_json(const std::string& text);

 private:
  std::vector<ColumnScale> inputs_, statics_, targets_;
};

/// Returns the scale of one window by its own numbers. NaN is left out, and what has no logarithm if there is to be
/// one.
[[nodiscard]] Affine window_scale(ScaleKind kind, std::span<const float> values);

}  // namespace recur
