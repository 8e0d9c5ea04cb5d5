#include <recur/train/samples/gestures.h>

#include <recur/framework/tensor/error.h>

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace recur::samples {
namespace {

using Vector = std::array<double, 3>;
constexpr double gesture_rate = 50;
constexpr double turn = 2 * std::numbers::pi;

struct Subject {
  double tempo, strength, tremor;
  std::array<Vector, 3> grip;  // axes of the sensor
};

/// A turn about z, then about x.
std::array<Vector, 3> turned(double about_z, double about_x) {
  const double c = std::cos(about_z), s = std::sin(about_z), k = std::cos(about_x), l = std::sin(about_x);
  return {Vector{c, -s, 0}, Vector{k * s, k * c, -l}, Vector{l * s, l * c, k}};
}

Subject draw_subject(Generator& generator) {
  constexpr double most = 25 * std::numbers::pi / 180;
  return {generator.uniform(0.8, 1.25), generator.uniform(0.6, 1.3), generator.uniform(0.03, 0.1),
          turned(generator.uniform(-most, most), generator.uniform(-most, most))};
}

/// Acceleration of a gesture at a part from 0 to 1 of its time.
using Movement = std::array<double, 3> (*)(double part, double phase, double seconds);

Vector circle(double part, double phase, double seconds) {
  const double way = phase < 0.5 ? 1 : -1;
  const double angle = turn * (phase + way * 1.3 * seconds * part);
  return {std::cos(angle), 0.1 * std::sin(angle), std::sin(angle)};
}

Vector push(double part, double /*phase*/, double /*seconds*/) {
  return {0.1 * std::sin(turn * part), 1.4 * std::sin(turn * part), 0};
}

Vector wave(double part, double phase, double seconds) {
  return {1.2 * std::sin(turn * (phase + 2.6 * seconds * part)), 0, 0.15 * std::sin(turn * part)};
}

/// Three swings of any direction, frequency and phase.
struct Noise {
  std::array<Vector, 3> direction;
  std::array<double, 3> hertz, phase;

  explicit Noise(Generator& generator) {
    for (std::size_t i = 0; i < direction.size(); ++i) {
      for (double& x : direction[i]) x = 0.5 * generator.normal();
      hertz[i] = generator.uniform(0.4, 5);
      phase[i] = generator.uniform();
    }
  }
  [[nodiscard]] Vector at(double seconds) const {
    Vector sum{};
    for (std::size_t i = 0; i < direction.size(); ++i)
      for (std::size_t axis = 0; axis < 3; ++axis)
        sum[axis] += direction[i][axis] * std::sin(turn * (phase[i] + hertz[i] * seconds));
    return sum;
  }
};

/// What the sensor shows: the movement and gravity along its axes, and tremor.
std::array<float, 3> sensed(const Subject& subject, Vector movement, Generator& generator) {
  movement[2] += 1;
  std::array<float, 3> result{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    double sum = subject.tremor * generator.normal();
    for (std::size_t i = 0; i < 3; ++i) sum += subject.grip[axis][i] * movement[i];
    result[axis] = static_cast<float>(sum);
  }
  return result;
}

std::vector<std::array<float, 3>> record(const Subject& subject, Movement movement, Generator& generator) {
  const Index count = 60 + generator.below(61);
  const double length = static_cast<double>(count) / gesture_rate;
  const double seconds = std::min(generator.uniform(0.7, 1.1) / subject.tempo * (movement == push ? 0.6 : 1), length);
  const double start = generator.uniform(0, length - seconds), phase = generator.uniform();
  const double strength = subject.strength * generator.uniform(0.8, 1.2);
  const Noise noise(generator);
  std::vector<std::array<float, 3>> samples;
  for (Index i = 0; i < count; ++i) {
    const double at = static_cast<double>(i) / gesture_rate - start, part = at / seconds;
    Vector moved{};
    if (part >= 0 && part < 1) {
      moved = movement == nullptr ? noise.at(at) : movement(part, phase, seconds);
      const double swell = std::min(1.0, 6 * std::min(part, 1 - part));  // gestures neither begin nor end at once
      for (double& x : moved) x *= strength * swell;
    }
    samples.push_back(sensed(subject, moved, generator));
  }
  return samples;
}

}  // namespace

std::vector<GestureRecording> gestures(const GestureOptions& options, Generator& generator) {
  require<ValueError>(options.subjects > 0 && options.repetitions > 0, "gestures: {} subjects, {} repetitions",
                      options.subjects, options.repetitions);
  const std::array<std::pair<const char*, Movement>, 4> kinds = {std::pair("circle", &circle), std::pair("push", &push),
                                                                 std::pair("wave", &wave),
                                                                 std::pair("noise", Movement(nullptr))};
  std::vector<GestureRecording> recordings;
  for (Index s = 0; s < options.subjects; ++s) {
    const Subject subject = draw_subject(generator);
    for (Index i = 0; i < options.repetitions; ++i)
      for (const auto& [name, movement] : kinds)
        recordings.push_back({fmt::format("s{}", s + 1), name, record(subject, movement, generator)});
  }
  return recordings;
}

std::string gestures_csv(const std::vector<GestureRecording>& recordings) {
  std::string text = "recording,subject,gesture,t,x,y,z\n";
  for (std::size_t i = 0; i < recordings.size(); ++i)
    for (std::size_t t = 0; t < recordings[i].samples.size(); ++t) {
      const auto& [x, y, z] = recordings[i].samples[t];
      text += fmt::format("{},{},{},{},{:.4f},{:.4f},{:.4f}\n", i + 1, recordings[i].subject, recordings[i].gesture, t,
                          x, y, z);
    }
  return text;
}

}  // namespace recur::samples
