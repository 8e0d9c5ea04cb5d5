#include <recur/train/audio/spectrum.h>

#include <recur/framework/tensor/error.h>

#include <unsupported/Eigen/FFT>

#include <bit>
#include <cmath>
#include <complex>
#include <numbers>

namespace recur {

std::vector<double> power_spectrum(std::span<const float> signal, Index size) {
  require<ValueError>(size >= 2 && std::has_single_bit(static_cast<std::size_t>(size)),
                      "power_spectrum: windows of {} samples, a power of 2 is expected", size);
  const auto width = static_cast<std::size_t>(size);
  std::vector<double> window(width), piece(width), power(width / 2 + 1);
  for (std::size_t i = 0; i < width; ++i)
    window[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(width));
  const double sum = static_cast<double>(size) / 2;  // of the window
  Eigen::FFT<double> fft;
  std::vector<std::complex<double>> spectrum;
  std::size_t pieces = 0;
  for (std::size_t at = 0; at == 0 || at + width <= signal.size(); at += width / 2, ++pieces) {
    for (std::size_t i = 0; i < width; ++i)
      piece[i] = at + i < signal.size() ? window[i] * static_cast<double>(signal[at + i]) : 0;
    fft.fwd(spectrum, piece);
    // Frequencies below 0 have as much as those above, but for 0 and half the rate.
    for (std::size_t k = 0; k < power.size(); ++k)
      power[k] += (k == 0 || k == width / 2 ? 1 : 2) * std::norm(spectrum[k]) / (sum * sum);
  }
  for (double& p : power) p /= static_cast<double>(pieces);
  return power;
}

}  // namespace recur
