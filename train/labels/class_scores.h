#pragma once

#include <recur/framework/tensor/shape.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// How often each class was taken for each.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(Index classes = 0)
      : classes_(classes), counts_(static_cast<std::size_t>(classes * classes)) {}

  /// Counts one decision. @throws ValueError for a class that is none
  void add(std::int32_t target, std::int32_t predicted);
  [[nodiscard]] Index classes() const { return classes_; }
  [[nodiscard]] Index count(Index target, Index predicted) const {
    return counts_[static_cast<std::size_t>(target * classes_ + predicted)];
  }
  /// How many there were of a class, and how often it was predicted.
  [[nodiscard]] Index targets(Index of) const;
  [[nodiscard]] Index predictions(Index of) const;
  /// The part of the predictions of a class that is right, the part of the class that is found, and their harmonic
  /// mean; 0 where there is none.
  [[nodiscard]] double precision(Index of) const;
  [[nodiscard]] double recall(Index of) const;
  [[nodiscard]] double f1(Index of) const;

  /// The part of all decisions that is right; NaN without decisions.
  [[nodiscard]] double accuracy() const;
  /// Mean of `f1` over the classes that there were or that were predicted (macro F1).
  [[nodiscard]] double macro_f1() const;
  /// Mean of `recall` over the classes that there were.
  [[nodiscard]] double balanced_accuracy() const;
  /// Rows are classes, columns what they were taken for, with precision, recall and F1 of each; for a page of text.
  [[nodiscard]] std::string text(std::span<const std::string> names) const;

 private:
  Index classes_;
  std::vector<Index> counts_;
};

/// Probability that a positive has a larger score than a negative, equal scores counting half: the area under the ROC
/// curve. NaN unless there are both. Throws ShapeError unless there is a score for each.
[[nodiscard]] double area_under_curve(std::span<const double> scores, const std::vector<bool>& positive);

/// What a model says of examples whose classes are known.
struct ClassDecisions {
  Index classes = 0;
  std::vector<double> probabilities{};  ///< `[examples, classes]`
  std::vector<std::int32_t> targets{};  ///< Below 0: not known; such examples count in no score.

  [[nodiscard]] Index size() const { return static_cast<Index>(targets.size()); }
  /// Returns the probability of each class for one example.
  [[nodiscard]] std::span<const double> of(Index example) const {
    return std::span(probabilities)
        .subspan(static_cast<std::size_t>(example * classes), static_cast<std::size_t>(classes));
  }
  /// The most probable class; the first of several.
  [[nodiscard]] std::int32_t best(Index example) const;
  [[nodiscard]] ConfusionMatrix confusion() const;
};

/// accuracy, balanced_accuracy, f1 (macro), auc (mean over the classes that there are, each against all others),
/// top_2_accuracy and so on (examples whose class is among the k most probable), nll (mean of -ln of the probability of
/// the class). @throws ValueError for another name
[[nodiscard]] double class_score(std::string_view name, const ClassDecisions& decisions);
[[nodiscard]] const std::vector<std::string>& class_score_names();
/// Whether `class_score` knows the name.
[[nodiscard]] bool is_class_score(std::string_view name);

}  // namespace recur
