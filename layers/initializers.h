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

/// Numbers of inputs and outputs an element of a weight array is part of: `[in, out]` for a matrix, `[n]` counts as n and
/// n, and in higher ranks the leading axes multiply both of the last two (Keras' rule).
struct Fans {
  double in, out;
};
/// Returns the numbers of inputs and outputs of a weight of this shape, as Keras counts them.
[[nodiscard]] Fans fans(const Shape& shape);

/// How a parameter gets its first values: a small value, copied freely. Names, arguments and defaults are those of Keras.
/// Values are drawn in double whatever the array holds, so that a seed means the same weights in either number type.
class Initializer {
 public:
  /// Arguments by name, as in a Keras config: `{{"mean", 0.0}, {"stddev", 0.05}}`.
  using Argument = std::variant<double, std::string>;
  using Config = std::vector<std::pair<std::string, Argument>>;

  /// `glorot_uniform` or `GlorotUniform`, with the default arguments. @throws ValueError for an unknown name.
  [[nodiscard]] static Initializer from_name(std::string_view name);
  /// With the arguments given; defaults for others. @throws ValueError for an unknown name or argument, or one
  /// that is out of range.
  [[nodiscard]] static Initializer from_config(std::string_view name, const Config& config);

  /// The same one, drawing from a generator of its own: every weight of one shape gets the same values, whatever the model
  /// (Keras's `seed`; the numbers are not Keras's). @throws ValueError for one that draws nothing, or seeds beyond 2^53.
  [[nodiscard]] Initializer seeded(std::uint64_t seed) const;

  /// Overwrites `value`. @throws ShapeError where the initializer needs a matrix and `value` is none.
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

/// Variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010). The uniform one of limit sqrt(6 / (fan_in + fan_out)); the
/// normal one, like all normal ones here but `random_normal`, cut at two standard deviations and widened to make up for it.
[[nodiscard]] Initializer glorot_uniform();
[[nodiscard]] Initializer glorot_normal();
/// Variance 2 / fan_in (He et al. 2015).
[[nodiscard]] Initializer he_uniform();
[[nodiscard]] Initializer he_normal();
/// Variance 1 / fan_in (LeCun et al. 1998).
[[nodiscard]] Initializer lecun_uniform();
[[nodiscard]] Initializer lecun_normal();
/// Variance `scale` / n, where n is by `mode` fan_in, fan_out or fan_avg, their mean; `distribution` is truncated_normal,
/// untruncated_normal or uniform. The ones above are its special cases.
/// @throws ValueError for scale <= 0 or another word.
[[nodiscard]] Initializer variance_scaling(double scale = 1.0, const std::string& mode = "fan_in",
                                           const std::string& distribution = "truncated_normal");
/// Orthonormal columns, or rows if there are more columns, times `gain` (Saxe et al. 2014); leading axes are folded.
[[nodiscard]] Initializer orthogonal(double gain = 1.0);
/// `gain` on the main diagonal of a matrix, zeros elsewhere.
[[nodiscard]] Initializer identity(double gain = 1.0);
[[nodiscard]] Initializer zeros();
[[nodiscard]] Initializer ones();
[[nodiscard]] Initializer constant(double value = 0.0);
[[nodiscard]] Initializer random_uniform(double low = -0.05, double high = 0.05);
[[nodiscard]] Initializer random_normal(double mean = 0.0, double stddev = 0.05);
/// Normal values of standard deviation `stddev` before they are cut at two of it.
[[nodiscard]] Initializer truncated_normal(double mean = 0.0, double stddev = 0.05);
/// For the bias of an LSTM that is to remember for up to `longest` steps (Tallec & Ollivier 2018): the forget gate's part is
/// ln u with u uniform in [1, longest - 1), the input gate's the opposite, the others are zeros. An LSTMCell that begins with it needs
/// `unit_forget_bias = false`. @throws ValueError for longest < 2.
[[nodiscard]] Initializer chrono(double longest = 100.0);

}  // namespace recur
