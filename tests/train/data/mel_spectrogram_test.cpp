#include <recur/framework/tensor/random.h>
#include <recur/train/data/mel_spectrogram.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

using namespace recur;

namespace {

constexpr double pi = std::numbers::pi;

std::vector<float> tone(double hertz, double amplitude, Index count, double rate = 16'000) {
  std::vector<float> x;
  for (Index t = 0; t < count; ++t)
    x.push_back(static_cast<float>(amplitude * std::sin(2 * pi * hertz * static_cast<double>(t) / rate)));
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mel_spectrogram)

BOOST_AUTO_TEST_CASE(the_scale_is_that_of_htk) {
  BOOST_TEST(std::abs(mel_of_hertz(1000) - 999.9855) < 1e-3);
  BOOST_TEST(std::abs(mel_of_hertz(700) - 2595 * std::log10(2.0)) < 1e-10);
  for (const double hertz : {0.0, 20.0, 440.0, 8000.0})
    BOOST_TEST(std::abs(hertz_of_mel(mel_of_hertz(hertz)) - hertz) < 1e-9);
}

BOOST_AUTO_TEST_CASE(spectra_are_those_of_the_definition) {
  for (const Index n : {1, 2, 4, 16, 128}) {
    std::vector<double> x(static_cast<std::size_t>(n));
    Generator(3).fill_normal(x);
    const auto power = power_spectrum(x);
    BOOST_TEST(power.size() == static_cast<std::size_t>(n / 2 + 1));
    for (std::size_t k = 0; k < power.size(); ++k) {
      std::complex<double> sum = 0;
      for (std::size_t t = 0; t < x.size(); ++t)
        sum += x[t] * std::polar(1.0, -2 * pi * static_cast<double>(k * t) / static_cast<double>(n));
      BOOST_TEST(std::abs(power[k] - std::norm(sum)) < 1e-10);
    }
    // Parseval: Σ x² = Σ |X|² / n, all frequencies but the first and the last being there twice.
    const double energy = std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
    double total = power.front() + (n > 1 ? power.back() : 0.0);
    for (std::size_t k = 1; k + 1 < power.size(); ++k) total += 2 * power[k];
    BOOST_TEST(std::abs(energy - total / static_cast<double>(n)) < 1e-10);
  }
  BOOST_CHECK_THROW((void)power_spectrum(std::vector<double>(3)), ValueError);
}

// A tone on a frequency of the spectrum has the energy (n/2)² there and none elsewhere.
BOOST_AUTO_TEST_CASE(a_pure_tone_has_one_frequency) {
  constexpr Index n = 512;
  std::vector<double> x;
  for (Index t = 0; t < n; ++t) x.push_back(std::cos(2 * pi * 37 * static_cast<double>(t) / n + 0.3));
  const auto power = power_spectrum(x);
  for (std::size_t k = 0; k < power.size(); ++k) BOOST_TEST(std::abs(power[k] - (k == 37 ? 65536.0 : 0.0)) < 1e-6);
}

// Bands are triangles that add up to 1 between the centres of the first and the last.
BOOST_AUTO_TEST_CASE(filters_are_triangles_over_the_scale) {
  const MelSpectrogram mel({.bands = 20, .lowest = 100, .highest = 7000});
  const auto& filters = mel.filters();
  BOOST_TEST((filters.shape() == Shape{20, 257}));
  const double low = mel_of_hertz(100), width = (mel_of_hertz(7000) - low) / 21;
  for (Index k = 0; k < 257; ++k) {
    const double at = mel_of_hertz(static_cast<double>(k) * 16'000 / 512);
    double sum = 0;
    for (Index band = 0; band < 20; ++band) sum += filters(band, k);
    if (at >= low + width && at <= low + 20 * width) BOOST_TEST(std::abs(sum - 1) < 1e-12);
    if (at <= low || at >= low + 21 * width) BOOST_TEST(sum == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_tone_is_heard_in_its_band) {
  const MelSpectrogram mel;
  const double low = mel_of_hertz(20), width = (mel_of_hertz(8000) - low) / 41;
  for (const Index band : {3, 10, 25, 39}) {
    const double hertz = hertz_of_mel(low + width * static_cast<double>(band + 1));
    const auto energies = mel(tone(hertz, 0.5, 4000));
    BOOST_TEST((energies.shape() == Shape{mel.frames(4000), 40}));
    for (Index i = 0; i < energies.shape()[0]; ++i) {
      const float* const row = energies.data() + i * 40;
      BOOST_TEST(std::max_element(row, row + 40) - row == band);
    }
  }
}

// Twice the amplitude is four times the energy in each band; silence is the floor.
BOOST_AUTO_TEST_CASE(logarithms_of_energies) {
  const MelSpectrogram mel({.floor = 1e-30});
  const auto once = mel(tone(440, 0.25, 800)), twice = mel(tone(440, 0.5, 800));
  for (Index i = 0; i < once.size(); ++i)
    BOOST_TEST(std::abs(twice.data()[i] - once.data()[i] - std::log(4.0F)) < 1e-4F);
  const auto silence = MelSpectrogram({.floor = 1e-3})(std::vector<float>(400));
  for (const float x : silence.values()) BOOST_TEST(std::abs(x - std::log(1e-3F)) < 1e-6F);
}

BOOST_AUTO_TEST_CASE(cepstra_are_cosine_transforms) {
  Tensor<float> constant({1, 16});
  constant.fill(3);
  const auto flat = mel_cepstrum(constant, 16, 0);
  BOOST_TEST(std::abs(flat(0, 0) - 12) < 1e-5F);  // √16 · 3
  for (Index k = 1; k < 16; ++k) BOOST_TEST(std::abs(flat(0, k)) < 1e-5F);
  // Orthonormal: the length of a row stays.
  Tensor<float> row({1, 16});
  Generator(5).fill_normal(row.values());
  const auto turned = mel_cepstrum(row, 16, 0);
  const auto square = [](const Tensor<float>& x) {
    double sum = 0;
    for (const float one : x.values()) sum += static_cast<double>(one) * static_cast<double>(one);
    return sum;
  };
  BOOST_TEST(std::abs(square(row) - square(turned)) < 1e-4);
  const auto lifted = mel_cepstrum(row, 13);
  BOOST_TEST(std::abs(lifted(0, 0) - turned(0, 0)) < 1e-5F);
  BOOST_TEST(std::abs(lifted(0, 11) - 12 * turned(0, 11)) < 1e-4F);  // sin(π/2)
}

BOOST_AUTO_TEST_CASE(frames_are_whole) {
  const MelSpectrogram mel;
  BOOST_TEST(mel.fft_size() == 512);
  for (const auto& [samples, count] : {std::pair<Index, Index>{399, 0}, {400, 1}, {559, 1}, {560, 2}, {16'000, 98}})
    BOOST_TEST(mel.frames(samples) == count);
  BOOST_CHECK_THROW((void)mel(std::vector<float>(399)), ValueError);
}

BOOST_AUTO_TEST_CASE(refusals) {
  BOOST_CHECK_THROW(MelSpectrogram({.hop = 500}), ValueError);
  BOOST_CHECK_THROW(MelSpectrogram({.highest = 9000}), ValueError);
  BOOST_CHECK_THROW(MelSpectrogram({.lowest = 5000, .highest = 4000}), ValueError);
  BOOST_CHECK_THROW(MelSpectrogram({.bands = 300}), ValueError);
  BOOST_CHECK_THROW((void)mel_cepstrum(Tensor<float>({2, 5}), 6), ValueError);
  BOOST_CHECK_THROW((void)mel_cepstrum(Tensor<float>({5})), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
