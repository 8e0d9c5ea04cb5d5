#include <recur/train/samples/chord_music.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <map>

using namespace recur;

namespace {

using Frame = std::vector<int>;  // keys that are down, without the octave
using Keys = std::array<double, samples::piano_keys>;

Frame chord_of(const Tensor<float>& roll, Index t) {
  Frame keys;
  for (Index k = 0; k < samples::piano_keys; ++k)
    if (roll(t, k) == 1) keys.push_back(static_cast<int>(k));
  keys.resize(4);
  return keys;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chord_music)

// Counts how often each key follows each chord and its age, and what one who knew these frequencies would score.
BOOST_AUTO_TEST_CASE(the_optimum_is_that_of_the_frequencies) {
  Generator generator(1);
  constexpr Index frames = 60'000;
  const Tensor<float> roll = samples::chord_music(frames, generator);
  std::map<std::pair<Frame, Index>, std::pair<double, Keys>> seen;
  Index age = 0;
  for (Index t = 1; t + 1 < frames; ++t) {
    const Frame chord = chord_of(roll, t);
    age = chord == chord_of(roll, t - 1) ? age + 1 : 1;
    BOOST_REQUIRE(age <= 3);
    auto& [count, down] = seen[{chord, age}];
    ++count;
    for (Index k = 0; k < samples::piano_keys; ++k) down[static_cast<std::size_t>(k)] += roll(t + 1, k);
  }
  double nats = 0;
  for (const auto& [context, counts] : seen)
    for (const double down : counts.second) {
      const double p = down / counts.first;
      if (p > 0 && p < 1) nats -= down * std::log(p) + (counts.first - down) * std::log(1 - p);
    }
  BOOST_TEST(nats / (frames - 2) == samples::chord_music_optimum(), boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(pieces_may_be_short_but_not_negative) {
  Generator generator(1);
  BOOST_TEST((samples::chord_music(0, generator).shape() == Shape{0, samples::piano_keys}));
  BOOST_CHECK_THROW((void)samples::chord_music(-1, generator), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
