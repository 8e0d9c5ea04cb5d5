#include <recur/train/data/mel_spectrogram.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <numbers>

namespace recur {
namespace {

constexpr double pi = std::numbers::pi;
using Complex = std::complex<double>;

// In place, for powers of two: transforms of the even and odd samples, which lie in bit-reversed order, are joined.
void transform(std::vector<Complex>& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {
    std::size_t bit = n / 2;
    for (; (j & bit) != 0; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t half = 1; half < n; half *= 2)
    for (std::size_t k = 0; k < half; ++k) {
      const Complex turn = std::polar(1.0, -pi * static_cast<double>(k) / static_cast<double>(half));
      for (std::size_t first = k; first < n; first += 2 * half) {
        const Complex odd = turn * x[first + half];
        x[first + half] = x[first] - odd;
        x[first] += odd;
      }
    }
}

}  // namespace

double mel_of_hertz(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz_of_mel(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

std::vector<double> power_spectrum(std::span<const double> samples) {
  require<ValueError>(std::has_single_bit(samples.size()), "power_spectrum: {} samples, must be a power of two",
                      samples.size());
  std::vector<Complex> x(samples.begin(), samples.end());
  transform(x);
  std::vector<double> power;
  for (std::size_t k = 0; k <= x.size() / 2; ++k) power.push_back(std::norm(x[k]));
  return power;
}

MelSpectrogram::MelSpectrogram(const MelOptions& options) : options_(options) {
  MelOptions& o = options_;
  constexpr Index longest = 1 << 24;
  if (o.highest == 0) o.highest = o.sample_rate / 2;
  require<ValueError>(o.frame >= 2 && o.frame <= longest && o.hop >= 1 && o.hop <= o.frame && o.bands >= 1,
                      "MelSpectrogram: a frame of {} samples, hop {}, {} bands", o.frame, o.hop, o.bands);
  require<ValueError>(o.lowest >= 0 && o.lowest < o.highest && o.highest <= o.sample_rate / 2,
                      "MelSpectrogram: bands from {} to {} Hz at {} samples a second", o.lowest, o.highest,
                      o.sample_rate);
  fft_size_ = static_cast<Index>(std::bit_ceil(static_cast<std::size_t>(o.frame)));
  for (Index t = 0; t < o.frame; ++t)
    window_.push_back(0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(t) / static_cast<double>(o.frame)));
  const Index bins = fft_size_ / 2 + 1;
  filters_ = Tensor<double>({o.bands, bins});
  const double first = mel_of_hertz(o.lowest);
  const double width = (mel_of_hertz(o.highest) - first) / static_cast<double>(o.bands + 1);
  for (Index band = 0; band < o.bands; ++band) {
    const double centre = first + width * static_cast<double>(band + 1);
    double sum = 0;
    for (Index k = 0; k < bins; ++k) {
      const double mel = mel_of_hertz(static_cast<double>(k) * o.sample_rate / static_cast<double>(fft_size_));
      sum += filters_(band, k) = std::max(0.0, 1 - std::abs(mel - centre) / width);
    }
    require<ValueError>(
        sum > 0,
        "MelSpectrogram: band {} of {} holds no frequency of a spectrum of {} samples (fewer bands, or a "
        "longer frame)",
        band, o.bands, fft_size_);
  }
}

Tensor<float> MelSpectrogram::operator()(std::span<const float> samples) const {
  const MelOptions& o = options_;
  const Index count = frames(static_cast<Index>(samples.size()));
  require<ValueError>(count > 0, "MelSpectrogram: {} samples, a frame has {}", samples.size(), o.frame);
  Tensor<float> result({count, o.bands});
  std::vector<double> frame(static_cast<std::size_t>(fft_size_));
  for (Index i = 0; i < count; ++i) {
    const float* const x = samples.data() + i * o.hop;
    for (Index t = 0; t < o.frame; ++t) {
      const double before = static_cast<double>(x[std::max<Index>(t - 1, 0)]);
      frame[static_cast<std::size_t>(t)] =
          window_[static_cast<std::size_t>(t)] * (static_cast<double>(x[t]) - o.pre_emphasis * before);
    }
    const std::vector<double> power = power_spectrum(frame);
    for (Index band = 0; band < o.bands; ++band) {
      double energy = o.floor;
      for (std::size_t k = 0; k < power.size(); ++k) energy += filters_(band, static_cast<Index>(k)) * power[k];
      result(i, band) = static_cast<float>(std::log(energy));
    }
  }
  return result;
}

Tensor<float> mel_cepstrum(const Tensor<float>& log_energies, Index coefficients, double lifter) {
  const Shape& shape = log_energies.shape();
  require(shape.rank() == 2, "mel_cepstrum: log energies {} where [frames, bands] is expected", shape);
  require<ValueError>(coefficients >= 1 && coefficients <= shape[1], "mel_cepstrum: {} coefficients of {} bands",
                      coefficients, shape[1]);
  const auto bands = static_cast<double>(shape[1]);
  Tensor<float> result({shape[0], coefficients});
  for (Index k = 0; k < coefficients; ++k) {
    const auto order = static_cast<double>(k);
    const double lifted = lifter > 0 ? 1 + lifter / 2 * std::sin(pi * order / lifter) : 1;
    const double scale = lifted * std::sqrt((k == 0 ? 1 : 2) / bands);
    for (Index i = 0; i < shape[0]; ++i) {
      double sum = 0;
      for (Index band = 0; band < shape[1]; ++band)
        sum += static_cast<double>(log_energies(i, band)) *
               std::cos(pi * order * (static_cast<double>(band) + 0.5) / bands);
      result(i, k) = static_cast<float>(scale * sum);
    }
  }
  return result;
}

}  // namespace recur
