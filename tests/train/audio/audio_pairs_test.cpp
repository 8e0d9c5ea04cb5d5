#include <recur/framework/tensor/error.h>
#include <recur/io/sound_file.h>
#include <recur/train/audio/audio_pairs.h>

#include "../../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace {

using namespace recur;

bool sound_files() { return has_sound_files(); }
boost::test_tools::assertion_result with_sound_files(boost::unit_test::test_unit_id) { return sound_files(); }

struct Fixture {
  TemporaryDirectory directory;

  /// A signal that is like itself at no lag but 0.
  static Sound sound(Index frames, Index delay = 0, float gain = 0.5F) {
    Sound result{8000, 1, {}};
    for (Index t = 0; t < frames; ++t) {
      const auto at = static_cast<double>(t - delay);
      result.samples.push_back(t < delay ? 0.0F : gain * static_cast<float>(std::sin(1e-4 * at * at)));
    }
    return result;
  }
  [[nodiscard]] AudioFiles write(const Sound& input, const Sound& target) const {
    const auto in = directory.file("in.wav"), out = directory.file("out.wav");
    (void)save_sound(in, input);
    (void)save_sound(out, target);
    return {in, out, {}};
  }
  [[nodiscard]] bool refused(const AudioSource& source, const std::string& words) const {
    try {
      (void)read_audio(source);
    } catch (const Error& error) {
      const bool found = std::string(error.what()).find(words) != std::string::npos;
      if (!found) BOOST_TEST_MESSAGE(error.what());
      return found;
    }
    return false;
  }
  void folders() const {
    for (const char* side : {"in", "out"}) {
      std::filesystem::create_directory(directory.file(side));
      for (const Index i : {10, 2, 1})
        (void)save_sound(directory.file(std::string(side) + "/sample" + std::to_string(i) + ".wav"), sound(50 + i));
    }
  }
};

BOOST_FIXTURE_TEST_SUITE(audio_pairs, Fixture, *boost::unit_test::precondition(with_sound_files))

BOOST_AUTO_TEST_CASE(cut_gains_and_latency) {
  const Sound input = sound(3000), target = sound(3000, 40, 0.25F);
  const AudioFiles files = write(input, target);
  AudioSource source{.files = {files}, .first = 100, .last = 2000, .input_gain = 2, .target_gain = 4, .latency = 40};
  const AudioPairs pairs = read_audio(source);
  BOOST_TEST(pairs.rate == 8000);
  BOOST_REQUIRE(pairs.pairs.size() == 1U);
  BOOST_TEST(pairs.pairs[0].frames(1) == 1900);
  BOOST_TEST(pairs.pairs[0].input[7] == 2 * input.samples[107]);
  BOOST_TEST(pairs.pairs[0].target[7] == 4 * target.samples[147]);
  source.latency.reset();
  const AudioPairs found = read_audio(source);
  BOOST_TEST(found.latencies.at(0).samples == 40);
  BOOST_TEST(found.latencies.at(0).correlation > 0.9);
  BOOST_TEST(found.pairs[0].target[7] == pairs.pairs[0].target[7]);
  // Later than the target: the first frames of the input have no target.
  const AudioPairs early = read_audio({.files = {write(target, input)}, .latency = -40});
  BOOST_TEST(early.pairs[0].frames(1) == 2960);
  BOOST_TEST(early.pairs[0].target[1] == input.samples[1]);
  const AudioPairs alone = read_audio_inputs({.files = {{files.input, "", {}}}});
  BOOST_TEST(alone.pairs[0].frames(1) == 3000);
  BOOST_TEST(alone.pairs[0].target.empty());
}

BOOST_AUTO_TEST_CASE(clips_of_folders_in_natural_order) {
  folders();
  AudioFiles files{directory.file("in"), directory.file("out"), {0.5}};
  const AudioPairs pairs = read_audio({.files = {files}, .knobs = {"drive"}});
  BOOST_REQUIRE(pairs.pairs.size() == 3U);
  BOOST_TEST(pairs.pairs[0].frames(1) == 51);
  BOOST_TEST(pairs.pairs[1].frames(1) == 52);
  BOOST_TEST(pairs.pairs[2].frames(1) == 60);
  BOOST_TEST(pairs.features() == 2);
  BOOST_TEST(pairs.pairs[1].knobs.at(0) == 0.5F);
  BOOST_TEST(refused({.files = {files}}, "1 numbers for 0 knobs"));
  files.knobs.clear();
  std::filesystem::remove(directory.file("out/sample2.wav"));
  BOOST_TEST(refused({.files = {files}}, "has no clip 'sample2'"));
  BOOST_TEST(refused({.files = {{directory.file("in"), directory.file("in/sample1.wav"), {}}}}, "is a folder"));
}

BOOST_AUTO_TEST_CASE(refuses_pairs_that_do_not_fit) {
  Sound other = sound(1000);
  other.rate = 16000;
  BOOST_TEST(refused({.files = {write(sound(1000), other)}}, "16000 Hz"));
  other.rate = 8000;
  other.channels = 2;
  BOOST_TEST(refused({.files = {write(sound(1000), other)}}, "has 2 channels"));
  BOOST_TEST(refused({.files = {write(sound(1000), sound(999))}}, "\"lengths\": \"shorter\""));
  BOOST_TEST(read_audio({.files = {write(sound(1000), sound(999))}, .shorter = true}).pairs[0].frames(1) == 999);
  BOOST_TEST(refused({.files = {write(sound(1000), sound(1000, 0, 0))}}, "out.wav' is silent"));
  BOOST_TEST(refused({.files = {write(sound(1000, 0, 1e-6F), sound(1000))}}, "in.wav' is silent"));
  BOOST_TEST(refused({.files = {write(sound(1000), sound(1000))}, .first = 1000}, "leave none"));
  BOOST_TEST(refused({.files = {write(sound(1000), sound(1000))}, .last = 1001}, "the cut ends at 1001"));
  BOOST_TEST(refused({.files = {{directory.file("none.wav"), directory.file("in.wav"), {}}}}, "none.wav"));
}

BOOST_AUTO_TEST_CASE(refuses_clipping_unless_allowed) {
  Sound loud = sound(3000, 0, 1.2F);
  for (float& x : loud.samples) x = std::clamp(x, -1.0F, 1.0F);
  const AudioFiles files = write(sound(3000), loud);
  BOOST_TEST(refused({.files = {files}}, "out.wav' clips"));
  BOOST_TEST(read_audio({.files = {files}, .allow_clipping = true}).pairs.size() == 1U);
  // What lies before the cut does not count.
  const auto last = std::ranges::find(loud.samples.rbegin(), loud.samples.rend(), 1.0F);
  const Index behind = loud.samples.rend() - last;
  (void)read_audio({.files = {files}, .first = behind});
  // Neither a peak at full scale, nor flat tops below it, nor floats above it are clipping.
  Sound flat = sound(3000, 0, 1.2F);
  for (float& x : flat.samples) x = std::clamp(x, -0.7F, 0.7F);
  (void)read_audio({.files = {write(flat, sound(3000, 0, 1.7F))}});
  (void)read_audio({.files = {write(sound(3000, 0, 1), sound(3000))}});
}

BOOST_AUTO_TEST_CASE(another_recording_is_not_found) {
  Sound other = sound(3000);
  for (std::size_t t = 0; t < other.samples.size(); ++t) other.samples[t] = t % 97 == 0 ? 0.6F : 0.0F;
  BOOST_TEST(refused({.files = {write(sound(3000), other)}, .latency = std::nullopt}, "is not found in"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
