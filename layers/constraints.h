#pragma once

#include <recur/framework/tensor/array.h>

#include <string>

namespace recur {

/// A condition on a weight that optimizers enforce after every update (`tf.keras.constraints`). Norms are Euclidean
/// along `axis`; with 0 over the weights into each unit.
class Constraint {
 public:
  enum class Kind { none, max_norm, min_max_norm, non_neg, unit_norm };

  Constraint() = default;
  /// Throws ValueError if a norm is negative, max_value < min_value, or the rate is outside [0, 1].
  Constraint(Kind kind, double min_value, double max_value, double rate, int axis);

  [[nodiscard]] explicit operator bool() const { return kind_ != Kind::none; }
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] double min_value() const { return min_value_; }
  [[nodiscard]] double max_value() const { return max_value_; }
  [[nodiscard]] double rate() const { return rate_; }
  [[nodiscard]] int axis() const { return axis_; }
  /// `MaxNorm`, `MinMaxNorm`, `NonNeg`, `UnitNorm`
  [[nodiscard]] const char* class_name() const;
  /// Changes the value so that it fulfils the constraint. Throws ShapeError if it has no axis `axis`.
  void operator()(Array& value) const;
  friend bool operator==(const Constraint&, const Constraint&) = default;

 private:
  Kind kind_ = Kind::none;
  double min_value_ = 0;
  double max_value_ = 1;
  double rate_ = 1;
  int axis_ = 0;
};

/// Scales weight vectors longer than `max_value` down to that length.
[[nodiscard]] Constraint max_norm(double max_value = 2, int axis = 0);
/// Moves lengths of weight vectors towards [min_value, max_value] by the fraction `rate` of the way.
[[nodiscard]] Constraint min_max_norm(double min_value = 0, double max_value = 1, double rate = 1, int axis = 0);
/// Sets negative weights to zero.
[[nodiscard]] Constraint non_neg();
/// Scales weight vectors to length one.
[[nodiscard]] Constraint unit_norm(int axis = 0);

}  // namespace recur
