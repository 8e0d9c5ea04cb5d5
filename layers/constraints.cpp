#include <recur/layers/constraints.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

constexpr double epsilon = 1e-7;  // Keras's, so that a zero vector stays zero

double wanted_norm(const Constraint& c, double norm) {
  switch (c.kind()) {
    case Constraint::Kind::max_norm:
      return std::min(norm, c.max_value());
    case Constraint::Kind::min_max_norm:
      return c.rate() * std::clamp(norm, c.min_value(), c.max_value()) + (1 - c.rate()) * norm;
    default:
      return 1;
  }
}

}  // namespace

Constraint::Constraint(Kind kind, double min_value, double max_value, double rate, int axis)
    : kind_(kind), min_value_(min_value), max_value_(max_value), rate_(rate), axis_(axis) {
  require<ValueError>(min_value >= 0 && max_value >= min_value, "Constraint: norms between {} and {} are impossible",
                      min_value, max_value);
  require<ValueError>(rate >= 0 && rate <= 1, "Constraint: rate must be in [0, 1], got {}", rate);
}

const char* Constraint::class_name() const {
  switch (kind_) {
    case Kind::max_norm:
      return "MaxNorm";
    case Kind::min_max_norm:
      return "MinMaxNorm";
    case Kind::non_neg:
      return "NonNeg";
    case Kind::unit_norm:
      return "UnitNorm";
    default:
      return "";
  }
}

void Constraint::operator()(Array& value) const {
  if (kind_ == Kind::none) return;
  dispatch_real(value.dtype(), [&]<class T>() {
    const std::span<T> values = value.as<T>().values();
    if (kind_ == Kind::non_neg) {
      for (T& v : values) v = std::max(v, T{});
      return;
    }
    const Shape& shape = value.shape();
    const int along = shape.normalize(axis_);
    Index inner = 1;
    for (int i = along + 1; i < shape.rank(); ++i) inner *= shape[i];
    const Index size = shape[along];
    const auto at = [&](Index vector, Index k) -> T& {
      return values[static_cast<std::size_t>((vector / inner * size + k) * inner + vector % inner)];
    };
    for (Index vector = 0; vector * size < shape.count(); ++vector) {
      double square = 0;
      for (Index k = 0; k < size; ++k)
        square += static_cast<double>(at(vector, k)) * static_cast<double>(at(vector, k));
      const double norm = std::sqrt(square);
      const double factor = wanted_norm(*this, norm) / (epsilon + norm);
      for (Index k = 0; k < size; ++k) at(vector, k) = static_cast<T>(at(vector, k) * factor);
    }
  });
}

Constraint max_norm(double max_value, int axis) { return {Constraint::Kind::max_norm, 0, max_value, 1, axis}; }
Constraint min_max_norm(double min_value, double max_value, double rate, int axis) {
  return {Constraint::Kind::min_max_norm, min_value, max_value, rate, axis};
}
Constraint non_neg() { return {Constraint::Kind::non_neg, 0, 1, 1, 0}; }
Constraint unit_norm(int axis) { return {Constraint::Kind::unit_norm, 0, 1, 1, axis}; }

}  // namespace recur
