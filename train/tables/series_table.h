#pragma once

#include <recur/framework/tensor/shape.h>
#include <recur/train/tables/time_axis.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace recur {

/// Which data a row belongs to; a window belongs where the rows of its targets do.
enum class Part : unsigned char { none, training, validation, test };

/// One machine, river or product: what is known at each of its times.
struct Series {
  std::string id;
  std::vector<std::int64_t> times;    ///< Of the rows, increasing.
  std::vector<float> inputs;          ///< `[rows, inputs]`, NaN where missing.
  std::vector<double> targets;        ///< `[rows, targets]` in the user's units, NaN where missing.
  std::vector<float> statics;         ///< What does not change with time.
  std::vector<Part> parts;            ///< Of the rows.
  std::vector<unsigned char> breaks;  ///< 1 for a row before which time is missing; empty: there are none.
  std::vector<float> weights{};       ///< Of the rows' targets in the loss; empty: 1 each.
  std::vector<float> ahead{};         ///< `[rows, known]`: inputs that are known in advance of rows after the last.

  [[nodiscard]] Index rows() const { return static_cast<Index>(times.size()); }
};

/// A column that is to be predicted.
struct TargetColumn {
  std::string name;
  std::string unit{};                                    ///< For headings; may be empty.
  Index input = -1;                                      ///< The input that is the same column; -1: none.
  double cap = std::numeric_limits<double>::infinity();  ///< What a loss takes for larger values.
};

/// Series with the same columns, in memory.
struct SeriesTable {
  /// Names: columns of the past, columns that are known in advance, the calendar, masks.
  std::vector<std::string> inputs;
  Index past = 0;   ///< Inputs that are known up to the last row only.
  Index known = 0;  ///< Inputs after these that are columns known in advance.
  std::vector<std::string> calendar{};
  std::vector<std::string> statics;
  std::vector<TargetColumn> targets;
  std::vector<Series> series;
  TimeKind time_kind = TimeKind::none;
  std::int64_t step = 1;  ///< From a row to the next.

  [[nodiscard]] Index rows() const;
  [[nodiscard]] Index input_count() const { return static_cast<Index>(inputs.size()); }
  [[nodiscard]] Index static_count() const { return static_cast<Index>(statics.size()); }
  [[nodiscard]] Index target_count() const { return static_cast<Index>(targets.size()); }
  /// Numbers that a model sees at each step: inputs and statics.
  [[nodiscard]] Index features() const { return input_count() + static_count(); }
  /// The time of a row for people; also of rows past the end.
  [[nodiscard]] std::string time_text(const Series& series, Index row) const;
};

}  // namespace recur
