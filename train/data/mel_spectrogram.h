#pragma once

#include <recur/framework/tensor/tensor.h>

#include <span>
#include <vector>

namespace recur {

/// The mel scale of HTK: 2595·log10(1 + f/700), f in hertz. 1000 Hz are about 1000 mel.
[[nodiscard]] double mel_of_hertz(double hertz);
[[nodiscard]] double hertz_of_mel(double mel);

/// |X[k]|² for k from 0 to n/2, X[k] = Σ x[t]·exp(-2πi·k·t/n), by a fast Fourier transform (Cooley & Tukey 1965).
/// Throws ValueError unless the number of samples n is a power of two.
[[nodiscard]] std::vector<double> power_spectrum(std::span<const double> samples);

struct MelOptions {
  double sample_rate = 16'000;  ///< In hertz.
  Index frame = 400;            ///< Samples of a frame; 25 ms at 16 kHz.
  Index hop = 160;              ///< Samples from frame to frame; 10 ms at 16 kHz.
  Index bands = 40;
  /// Range of the bands in hertz; `highest` 0 stands for half the sample rate.
  double lowest = 20;
  double highest = 0;
  /// Before the spectrum, x[t] - pre_emphasis·x[t - 1] takes the place of x[t] within a frame.
  double pre_emphasis = 0.97;
  /// Added to each energy before its logarithm, so that silence is finite.
  double floor = 1e-10;
};

/// Logarithms of the energies of a sound in bands of the mel scale, a usual input of models of speech.
///
/// A frame is multiplied by a Hann window and padded with zeros to a power of two. Bands are triangles over the mel
/// scale, each from the centre of the band below to that of the band above, with weight 1 at its own (HTK's filters).
class MelSpectrogram {
 public:
  /// Throws ValueError if a size is below 1, the hop is longer than the frame, the range is empty or beyond half the
  /// sample rate, or a band is so narrow that it holds no frequency of the spectrum.
  explicit MelSpectrogram(const MelOptions& options = {});

  /// Returns `[frames, bands]`. Samples behind the last whole frame are left out. Throws ValueError if there is less
  /// than one frame.
  [[nodiscard]] Tensor<float> operator()(std::span<const float> samples) const;
  /// Returns the number of whole frames in so many samples.
  [[nodiscard]] Index frames(Index samples) const {
    return samples < options_.frame ? 0 : (samples - options_.frame) / options_.hop + 1;
  }
  /// Samples of the spectrum: the frame and zeros.
  [[nodiscard]] Index fft_size() const { return fft_size_; }
  /// Weights of the bands, `[bands, fft_size / 2 + 1]`.
  [[nodiscard]] const Tensor<double>& filters() const { return filters_; }

 private:
  MelOptions options_;
  Index fft_size_ = 1;
  std::vector<double> window_;
  Tensor<double> filters_;
};

/// Mel-frequency cepstral coefficients: the first coefficients of the orthonormal cosine transform (DCT-II) of each row
/// of log energies `[frames, bands]`. @param lifter coefficient k is multiplied by 1 + lifter/2·sin(π·k/lifter); 0 for
/// none, HTK has 22
/// Throws ShapeError for another rank, ValueError if there are less bands than coefficients, or less than one.
[[nodiscard]] Tensor<float> mel_cepstrum(const Tensor<float>& log_energies, Index coefficients = 13,
                                         double lifter = 22);

}  // namespace recur
