#include <recur/train/samples/autoregression.h>

#include <cmath>
#include <numbers>

namespace recur::samples {

std::vector<double> autoregression(Index length, const AutoregressionOptions& options, Generator& generator) {
  const double r = options.radius;
  require<ValueError>(length >= 0, "autoregression: negative length {}", length);
  require<ValueError>(r >= 0 && r < 1, "autoregression: radius must be in [0, 1), got {}", r);
  require<ValueError>(options.period > 0 && options.noise > 0,
                      "autoregression: period and noise must be positive, got {} and {}", options.period,
                      options.noise);
  const double last = 2 * r * std::cos(2 * std::numbers::pi / options.period);
  // What is left of the start when recording begins: e^-20.
  const auto unrecorded = r > 0 ? static_cast<Index>(std::ceil(-20 / std::log(r))) : Index{0};
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(length));
  double before = 0;
  double now = 0;
  for (Index t = -unrecorded; t < length; ++t) {
    const double next = last * now - r * r * before + options.noise * generator.normal();
    before = now;
    now = next;
    if (t >= 0) values.push_back(now);
  }
  return values;
}

}  // namespace recur::samples
