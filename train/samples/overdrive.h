#pragma once

#include <recur/framework/tensor/random.h>

#include <span>
#include <vector>

namespace recur::samples {

/// A made-up guitar and a made-up overdrive pedal: filters around a tanh.
struct OverdriveOptions {
  Index rate = 44100;      ///< Samples a second.
  double seconds = 20;     ///< Length.
  double drive = 8;        ///< Gain in front of the tanh.
  double bias = 0.2;       ///< Added there, so that the two half-waves differ.
  double low_cut = 150;    ///< Hz, of the high-pass in front of the tanh.
  double high_cut = 4000;  ///< Hz, of the low-pass behind it.
};

/// What goes into a device and what comes out.
struct Recording {
  std::vector<float> input;
  std::vector<float> target;
};

/// Plays plucked strings (Karplus & Strong 1983) of random pitch and strength, and puts them through the pedal: a
/// one-pole high-pass, tanh(drive · x + bias) - tanh(bias), and a one-pole low-pass. Throws ValueError unless rate,
/// seconds and cuts are positive and the cuts below half the rate.
[[nodiscard]] Recording overdrive(const OverdriveOptions& options, Generator& generator);

/// The pedal alone. Throws as `overdrive`.
[[nodiscard]] std::vector<float> drive(std::span<const float> input, const OverdriveOptions& options);

}  // namespace recur::samples
