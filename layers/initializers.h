#pragma once

#include <recur/framework/tensor/array.h>
#include <recur/framework/tensor/random.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace recur {

/// Numbers of inputs and outputs that an element of a weight belongs to: `[in, out]` of a matrix, n and n of `[n]`. In
/// higher ranks the leading axes multiply both (Keras's rule).
struct Fans {
  double in, out;
};
/// Returns the numbers of inputs and outputs of a weight of this shape, as Keras counts them.
[[nodiscard]] Fans fans(const Shape& shape);

/// Sets the first values of a parameter. A small value; names, arguments and defaults are those of Keras. Values are
/// drawn in double, so that a seed gives the same weights in float and in double.
class Initializer {
 public:
  /// Arguments by name, as in a Keras config: `{{"mean", 0.0}, {"stddev", 0.05}}`.
  using Argument = std::variant<double, std::string>;
  using Config = std::vector<std::pair<std::string, Argument>>;

  /// Takes the name `glorot_uniform` or `GlorotUniform`, with default arguments. Throws ValueError if the name is
  /// unknown.
  [[nodiscard]] static Initializer from_name(std::string_view name);
  /// Takes a name and arguments; missing arguments have their defaults. Throws ValueError if a name or argument is
  /// unknown or out of range.
  [[nodiscard]] static Initializer from_config(std::string_view name, const Config& config);

  /// Returns this initializer with a generator of its own, seeded by `seed`: all weights of one shape then get the same
  /// values in any model (Keras's `seed`; the numbers are not Keras's). Throws ValueError if the initializer draws
  /// nothing, or the seed is beyond 2^53.
  [[nodiscard]] Initializer seeded(std::uint64_t seed) const;

  /// Overwrites `value`. Throws ShapeError if the initializer needs a matrix and `value` is not one.
  void operator()(Array& value, Generator& generator) const;

  /// `glorot_uniform`
  [[nodiscard]] std::string name() const;
  /// `GlorotUniform`
  [[nodiscard]] std::string class_name() const;
  [[nodiscard]] Config config() const;
  friend bool operator==(const Initializer&, const Initializer&) = default;

 private:
  struct Entry;
  static const Entry& find(std::string_view name);
  explicit Initializer(const Entry& entry);

  const Entry* entry_;
  std::array<double, 3> arguments_;  // of a word: which of those allowed
  std::optional<std::uint64_t> seed_{};
};

/// Variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010). `_uniform` draws within ±sqrt(6 / (fan_in + fan_out)).
/// `_normal` is cut at two standard deviations and scaled to keep its variance, as all normal initializers here except
/// `random_normal`.
[[nodiscard]] Initializer glorot_uniform();
[[nodiscard]] Initializer glorot_normal();
/// Variance 2 / fan_in (He et al. 2015).
[[nodiscard]] Initializer he_uniform();
[[nodiscard]] Initializer he_normal();
/// Variance 1 / fan_in (LeCun et al. 1998).
[[nodiscard]] Initializer lecun_uniform();
[[nodiscard]] Initializer lecun_normal();
/// Variance `scale` / n, where `mode` chooses n: fan_in, fan_out, or fan_avg, their mean. `distribution` is
/// truncated_normal, untruncated_normal or uniform. Throws ValueError if scale <= 0 or a word is unknown.
[[nodiscard]] Initializer variance_scaling(double scale = 1.0, const std::string& mode = "fan_in",
                                           const std::string& distribution = "truncated_normal");
/// Orthonormal columns (rows if there are more columns) times `gain` (Saxe et al. 2014). Leading axes count as rows.
[[nodiscard]] Initializer orthogonal(double gain = 1.0);
/// `gain` on the main diagonal of a matrix, zeros elsewhere.
[[nodiscard]] Initializer identity(double gain = 1.0);
[[nodiscard]] Initializer zeros();
[[nodiscard]] Initializer ones();
[[nodiscard]] Initializer constant(double value = 0.0);
[[nodiscard]] Initializer random_uniform(double low = -0.05, double high = 0.05);
[[nodiscard]] Initializer random_normal(double mean = 0.0, double stddev = 0.05);
/// Normal values with standard deviation `stddev`, cut at two standard deviations and not scaled afterwards.
[[nodiscard]] Initializer truncated_normal(double mean = 0.0, double stddev = 0.05);
/// Initializes the bias of an LSTM that shall remember for up to `longest` steps (Tallec & Ollivier 2018). The forget
/// gate's part is ln u with u uniform in [1, longest - 1), the input gate's part is its negative, the rest is zero. Set
/// `unit_forget_bias = false` of the LSTMCell. Throws ValueError if longest < 2.
[[nodiscard]] Initializer chrono(double longest = 100.0);

}  // namespace recur
