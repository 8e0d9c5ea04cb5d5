#include <recur/train/audio/latency.h>

#include <recur/framework/tensor/error.h>

#include <unsupported/Eigen/FFT>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <numeric>
#include <vector>

namespace recur {
namespace {

using Signal = std::span<const float>;

double energy(Signal x) {
  return std::accumulate(x.begin(), x.end(), 0.0,
                         [](double sum, float v) { return sum + static_cast<double>(v) * static_cast<double>(v); });
}

/// The part of both signals in which the first one is loudest.
SignalPair loudest(const SignalPair& pair, std::size_t count) {
  const std::size_t size = std::min(pair.first.size(), pair.second.size());
  std::size_t best = 0;
  double most = -1;
  const std::size_t taken = std::min(count, size);
  for (std::size_t at = 0; at < size; at += count / 2) {
    const std::size_t first = std::min(at, size - taken);  // the last one ends at the end
    const double loud = energy(pair.first.subspan(first, taken));
    if (loud > most) {
      most = loud;
      best = first;
    }
  }
  return {pair.first.subspan(best, taken), pair.second.subspan(best, taken)};
}

/// Adds Σ x[t]·y[t + lag] to the place `most + lag`.
void add_correlation(std::vector<double>& to, const SignalPair& pair, std::size_t most) {
  const std::size_t size = std::bit_ceil(pair.first.size() + most + 1);
  const auto spectrum = [&](Signal signal) {
    std::vector<double> padded(size);
    std::ranges::copy(signal, padded.begin());
    std::vector<std::complex<double>> result;
    Eigen::FFT<double>().fwd(result, padded);
    return result;
  };
  const auto x = spectrum(pair.first);
  auto y = spectrum(pair.second);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] *= std::conj(x[i]);
  std::vector<double> correlation;
  Eigen::FFT<double>().inv(correlation, y);
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += correlation[(i + size - most) % size];
}

}  // namespace

Latency find_latency(std::span<const SignalPair> pairs, Index most) {
  require<ValueError>(!pairs.empty() && most >= 0, "find_latency: {} pairs, a lag of at most {}", pairs.size(), most);
  constexpr std::size_t longest = std::size_t{1} << 20;
  std::vector<double> correlation(static_cast<std::size_t>(2 * most + 1));
  double first = 0, second = 0;
  for (const SignalPair& pair : pairs) {
    const SignalPair part = loudest(pair, longest);
    first += energy(part.first);
    second += energy(part.second);
    add_correlation(correlation, part, static_cast<std::size_t>(most));
  }
  require<ValueError>(first > 0 && second > 0, "find_latency: the {} signal is silent", first > 0 ? "second" : "first");
  const auto best = std::ranges::max_element(correlation, {}, [](double c) { return std::abs(c); });
  return {static_cast<Index>(best - correlation.begin()) - most, *best / std::sqrt(first * second)};
}

}  // namespace recur
