#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>
#include <recur/train/audio/audio_scores.h>
#include <recur/train/audio/latency.h>
#include <recur/train/audio/spectrum.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>

namespace {

using namespace recur;
using Signal = std::vector<float>;

Signal noise(std::size_t count, std::uint64_t seed) {
  Generator generator(seed);
  Signal signal(count);
  for (float& x : signal) x = static_cast<float>(generator.normal());
  return signal;
}

/// x later by `lag` samples, bent by a tanh and inverted or not.
Signal device(const Signal& x, Index lag, float gain) {
  Signal y(x.size());
  for (Index t = 0; t < static_cast<Index>(y.size()); ++t)
    if (t - lag >= 0 && t - lag < static_cast<Index>(x.size()))
      y[static_cast<std::size_t>(t)] = std::tanh(gain * x[static_cast<std::size_t>(t - lag)]);
  return y;
}

BOOST_AUTO_TEST_SUITE(audio_signals, *boost::unit_test::tolerance(1e-12))

BOOST_AUTO_TEST_CASE(latency_is_found) {
  const Signal x = noise(5000, 1);
  for (const Index lag : {0, 1, 137, -20, 500}) {
    const Signal y = device(x, lag, 2), inverted = device(x, lag, -2);
    const std::vector<SignalPair> pairs = {{x, y}};
    const Latency found = find_latency(pairs, 500);
    BOOST_TEST(found.samples == lag);
    BOOST_TEST(found.correlation > 0.8);
    const std::vector<SignalPair> other = {{x, inverted}};
    BOOST_TEST(find_latency(other, 500).samples == lag);
    BOOST_TEST(find_latency(other, 500).correlation < -0.8);
  }
}

BOOST_AUTO_TEST_CASE(latency_of_many_clips_is_one) {
  std::vector<Signal> signals;
  for (std::uint64_t i = 0; i < 5; ++i) {
    signals.push_back(noise(300, i));
    signals.push_back(device(signals.back(), 33, 1));
  }
  std::vector<SignalPair> pairs;
  for (std::size_t i = 0; i < signals.size(); i += 2) pairs.emplace_back(signals[i], signals[i + 1]);
  BOOST_TEST(find_latency(pairs, 100).samples == 33);
  const Signal silence(300);
  const std::vector<SignalPair> silent = {{signals[0], silence}};
  BOOST_CHECK_THROW((void)find_latency(silent, 10), ValueError);
  BOOST_CHECK_THROW((void)find_latency({}, 10), ValueError);
  // Far behind 2²⁰ silent samples.
  Signal late(1'200'000), later(1'200'000);
  std::ranges::copy(signals[0], late.begin() + 1'150'000);
  std::ranges::copy(signals[0], later.begin() + 1'150'007);
  const std::vector<SignalPair> far = {{late, later}};
  BOOST_TEST(find_latency(far, 50).samples == 7);
}

BOOST_AUTO_TEST_CASE(spectrum_has_the_power_of_sines) {
  Signal sine(4096);
  for (std::size_t t = 0; t < sine.size(); ++t)
    sine[t] = static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * 32 * static_cast<double>(t) / 256) + 0.25);
  const auto power = power_spectrum(sine, 256);
  BOOST_TEST(power.size() == 129U);
  BOOST_TEST(power[32] == 0.125, boost::test_tools::tolerance(1e-6));  // samples are floats
  BOOST_TEST(power[0] == 0.0625, boost::test_tools::tolerance(1e-6));
  BOOST_CHECK(power[64] < 1e-9);
  BOOST_CHECK_THROW((void)power_spectrum(sine, 100), ValueError);
}

BOOST_AUTO_TEST_CASE(scores_are_of_all_clips) {
  AudioScores scores(0.5);
  scores.add(Signal{1, 2, 0}, Signal{0.5, 2, 1});
  scores.add(Signal{-1, 0.5, 3}, Signal{-2, 0, 2});
  BOOST_TEST(scores.esr() == 3.5 / 13.25);
  BOOST_TEST(scores.esr_pre() == 2.875 / 12.3125);  // see audio_losses_test.cpp
  BOOST_TEST(scores.dc() == (0.25 / 3 + 6.25 / 3) / 13.25);
  BOOST_TEST(scores.mse() == 3.5 / 6);
  BOOST_TEST(scores.mae() == 4.0 / 6);
  for (const std::string& name : AudioScores::names()) BOOST_TEST(std::isfinite(scores.score(name)));
  BOOST_CHECK_THROW((void)scores.score("rms"), ValueError);
  // Two channels are two signals.
  AudioScores stereo(0.5);
  stereo.add(Signal{1, -1, 2, 0.5, 0, 3}, Signal{0.5, -2, 2, 0, 1, 2}, 2);
  BOOST_TEST(stereo.esr_pre() == scores.esr_pre());
  BOOST_TEST(stereo.dc() == scores.dc());
  BOOST_CHECK_THROW(stereo.add(Signal{1}, Signal{1, 2}, 1), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
