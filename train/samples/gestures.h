#pragma once

#include <recur/framework/tensor/random.h>

#include <array>
#include <string>
#include <vector>

namespace recur::samples {

/// Movements of a hand that holds an accelerometer.
struct GestureOptions {
  Index subjects = 6;
  Index repetitions = 20;  ///< Of each gesture by each subject.
};

/// One movement: acceleration along three axes, in g, 50 times a second.
struct GestureRecording {
  std::string subject;                        ///< "s1" …
  std::string gesture;                        ///< circle, push, wave or noise.
  std::vector<std::array<float, 3>> samples;  ///< 60 to 120.
};

/// Draws recordings of three gestures and of movements that are none of them. A circle is a turn of gravity-free
/// acceleration in a plane, either way round; a push one thrust forth and back along an axis; a wave several swings to
/// the sides; noise is as strong, but without form. Each subject has its own tempo, strength, tremor and grip, a turn
/// of the sensor by up to 25°; gestures begin at a random time. Throws ValueError if a number is below 1.
[[nodiscard]] std::vector<GestureRecording> gestures(const GestureOptions& options, Generator& generator);

/// The recordings as CSV: recording, subject, gesture, t, x, y, z.
[[nodiscard]] std::string gestures_csv(const std::vector<GestureRecording>& recordings);

}  // namespace recur::samples
