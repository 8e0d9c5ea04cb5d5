#include <recur/train/labels/linear_classifier.h>

#include <recur/framework/tensor/error.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

constexpr Index pieces = 8;

/// Means of pieces, deviations, and 1.
Eigen::VectorXd features_of(const LabelledRecordings& recordings, const LabelWindow& window) {
  const Index inputs = recordings.table.input_count();
  const Series& series = recordings.table.series[static_cast<std::size_t>(window.recording)];
  const auto at = [&](Index row, Index input) {
    return static_cast<double>(series.inputs[static_cast<std::size_t>((window.first + row) * inputs + input)]);
  };
  Eigen::VectorXd features(inputs * (pieces + 1) + 1);
  for (Index input = 0; input < inputs; ++input) {
    double sum = 0, squares = 0;
    for (Index piece = 0; piece < pieces; ++piece) {
      const Index first = std::min(piece * window.rows / pieces, window.rows - 1);
      const Index last = std::max((piece + 1) * window.rows / pieces, first + 1);
      double own = 0;
      for (Index row = first; row < last; ++row) own += at(row, input);
      features[input * (pieces + 1) + piece] = own / static_cast<double>(last - first);
    }
    for (Index row = 0; row < window.rows; ++row) {
      sum += at(row, input);
      squares += at(row, input) * at(row, input);
    }
    const double rows = static_cast<double>(window.rows), mean = sum / rows;
    features[input * (pieces + 1) + pieces] = std::sqrt(std::max(0.0, squares / rows - mean * mean));
  }
  features[features.size() - 1] = 1;
  return features;
}

}  // namespace

ClassDecisions linear_decisions(const LabelledRecordings& recordings, std::span<const LabelWindow> training,
                                std::span<const LabelWindow> windows) {
  require<ValueError>(!training.empty(), "linear_decisions: no windows to fit to");
  const auto classes = static_cast<Index>(recordings.classes.size());
  const Index size = recordings.table.input_count() * (pieces + 1) + 1;
  Eigen::MatrixXd products = Eigen::MatrixXd::Identity(size, size) * 1e-3 * static_cast<double>(training.size());
  Eigen::MatrixXd wanted = Eigen::MatrixXd::Zero(size, classes);
  for (const LabelWindow& window : training) {
    const std::int32_t label = label_of(recordings, window);
    if (label < 0) continue;
    const Eigen::VectorXd features = features_of(recordings, window);
    products += features * features.transpose();
    wanted.col(label) += features;
  }
  const Eigen::MatrixXd weights = products.ldlt().solve(wanted);
  ClassDecisions decisions{classes};
  for (const LabelWindow& window : windows) {
    const Eigen::VectorXd scores = weights.transpose() * features_of(recordings, window);
    decisions.probabilities.insert(decisions.probabilities.end(), scores.begin(), scores.end());
    decisions.targets.push_back(label_of(recordings, window));
  }
  return decisions;
}

}  // namespace recur
