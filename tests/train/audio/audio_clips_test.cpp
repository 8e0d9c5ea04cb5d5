#include <recur/train/audio/audio_windows.h>

#include <boost/test/unit_test.hpp>

#include <set>

namespace {

using namespace recur;
using boost::test_tools::per_element;

/// Recordings whose frames are 100·recording + frame, targets the negative.
AudioPairs counted(std::vector<Index> frames, Index channels = 1, bool knobs = false) {
  AudioPairs pairs;
  pairs.rate = 1000;
  pairs.channels = channels;
  if (knobs) pairs.knobs = {"drive"};
  for (std::size_t i = 0; i < frames.size(); ++i) {
    AudioPair pair;
    pair.name = "r" + std::to_string(i);
    for (Index f = 0; f < frames[i] * channels; ++f) {
      pair.input.push_back(static_cast<float>(100 * i) + static_cast<float>(f));
      pair.target.push_back(-pair.input.back());
    }
    if (knobs) pair.knobs = {0.25F + static_cast<float>(i)};
    pairs.pairs.push_back(std::move(pair));
  }
  return pairs;
}

std::vector<float> numbers(const Tensor<float>& tensor) { return {tensor.values().begin(), tensor.values().end()}; }

BOOST_AUTO_TEST_SUITE(audio_clips)

BOOST_AUTO_TEST_CASE(recordings_are_cut) {
  const AudioPairs pairs = counted({7, 4, 2});
  const AudioClips clips(pairs, 3);
  BOOST_TEST(clips.size() == 3);
  BOOST_TEST(clips.input(1)[0] == 3);
  BOOST_TEST(clips.target(2)[2] == -102);
  BOOST_TEST(clips.name(2) == "r1");
  BOOST_CHECK_THROW(AudioClips(pairs, 0), ValueError);
  BOOST_CHECK_THROW(AudioClips(pairs, 8), ValueError);
  const AudioPairs alike = counted({4, 4});
  BOOST_TEST(AudioClips(alike, 0).size() == 2);
}

BOOST_AUTO_TEST_CASE(parts) {
  const AudioSplit last = split_clips(10, 2, 0.1);
  BOOST_TEST(last.training == (std::vector<Index>{0, 1, 2, 3, 4, 5, 6}), per_element());
  BOOST_TEST(last.validation == (std::vector<Index>{7, 8}), per_element());
  BOOST_TEST(last.test == (std::vector<Index>{9}), per_element());
  const AudioSplit drawn = split_clips(100, 20, 10, 1), again = split_clips(100, 20, 10, 1);
  BOOST_TEST(drawn.validation == again.validation, per_element());
  BOOST_TEST(drawn.validation != split_clips(100, 20, 10).validation);
  std::set<Index> all(drawn.training.begin(), drawn.training.end());
  all.insert(drawn.validation.begin(), drawn.validation.end());
  all.insert(drawn.test.begin(), drawn.test.end());
  BOOST_TEST(all.size() == 100U);
  BOOST_TEST(drawn.training.size() == 70U);
  BOOST_CHECK_THROW((void)split_clips(3, 2, 1), ValueError);
  BOOST_CHECK_THROW((void)split_clips(3, -1, 0), ValueError);
}

BOOST_AUTO_TEST_CASE(batches_have_channels_and_knobs) {
  const AudioPairs pairs = counted({4, 4}, 2, true);
  const AudioClips clips(pairs, 2);
  const std::vector<AudioLane> lanes = {{0, 1}, {2, 3}};
  const AudioBatch batch = gather(clips, lanes, 1, 3);
  BOOST_TEST((batch.inputs.shape() == Shape{2, 2, 3}));
  BOOST_TEST(numbers(batch.inputs) == (std::vector<float>{2, 3, 0.25, 4, 5, 0.25, 102, 103, 1.25, 104, 105, 1.25}),
             per_element());
  BOOST_TEST(numbers(batch.targets) == (std::vector<float>{-2, -3, -4, -5, -102, -103, -104, -105}), per_element());
  BOOST_CHECK_THROW((void)gather(clips, lanes, 3, 5), ValueError);
}

BOOST_AUTO_TEST_CASE(windows_follow_each_other_within_a_clip) {
  const AudioPairs pairs = counted({7, 7, 7});
  const AudioClips clips(pairs, 7);
  AudioWindows windows(clips, {0, 1, 2}, {.batch = 2, .steps = 3, .warm_up = 2});
  BOOST_TEST(windows.size() == 4);
  BOOST_TEST(numbers(windows[0].warm_up) == (std::vector<float>{0, 1, 100, 101}), per_element());
  BOOST_TEST(windows[0].begins);
  BOOST_TEST(numbers(windows[0].inputs) == (std::vector<float>{2, 3, 4, 102, 103, 104}), per_element());
  BOOST_TEST(!windows[1].begins);
  BOOST_TEST(windows[1].warm_up.size() == 0);
  BOOST_TEST(numbers(windows[1].targets) == (std::vector<float>{-5, -6, -105, -106}), per_element());
  BOOST_TEST(windows[1].frames() == 4);
  BOOST_TEST(numbers(windows[2].inputs) == (std::vector<float>{202, 203, 204}), per_element());
  const AudioWindows whole(clips, {0, 1, 2}, {.batch = 2});
  BOOST_TEST(whole.size() == 2);
  BOOST_TEST(whole[1].frames() == 7);
  BOOST_CHECK_THROW(AudioWindows(clips, {0}, {.warm_up = 7}), ValueError);
  BOOST_CHECK_THROW(AudioWindows(clips, {}, {}), ValueError);
  // Another order every epoch, all clips once.
  windows.start_epoch(1);
  std::multiset<float> firsts;
  for (const Index i : {0, 2})
    for (Index clip = 0; clip < windows[i].inputs.shape()[0]; ++clip) firsts.insert(windows[i].inputs(clip, 0, 0));
  BOOST_TEST((firsts == std::multiset<float>{2, 102, 202}));
}

BOOST_AUTO_TEST_CASE(states_are_carried_through_joined_clips) {
  const AudioPairs pairs = counted({4, 4, 4, 4, 4});
  const AudioClips clips(pairs, 4);
  AudioWindows windows(clips, {0, 1, 2, 3, 4}, {.batch = 2, .steps = 6, .carried = true});
  windows.start_epoch(3);
  BOOST_TEST(windows.size() == 2);  // the fifth clip is left over
  BOOST_TEST(windows[0].begins);
  BOOST_TEST(numbers(windows[0].inputs) == (std::vector<float>{0, 1, 2, 3, 100, 101, 200, 201, 202, 203, 300, 301}),
             per_element());
  BOOST_TEST(!windows[1].begins);
  BOOST_TEST(numbers(windows[1].inputs) == (std::vector<float>{102, 103, 302, 303}), per_element());
}

BOOST_AUTO_TEST_CASE(ranks_have_blocks_of_the_clips_of_a_window) {
  const AudioPairs pairs = counted({7, 7, 7, 7});
  const AudioClips clips(pairs, 7);
  const AudioWindows windows(clips, {0, 1, 2, 3}, {.batch = 3, .steps = 3, .warm_up = 1});
  const auto first = windows.share(0, {.rank = 0, .ranks = 2}), second = windows.share(0, {.rank = 1, .ranks = 2});
  BOOST_TEST(first.begins);
  BOOST_TEST(numbers(first.inputs) == (std::vector<float>{1, 2, 3, 101, 102, 103}), per_element());
  BOOST_TEST(numbers(second.inputs) == (std::vector<float>{201, 202, 203}), per_element());
  BOOST_TEST(numbers(second.warm_up) == (std::vector<float>{200}), per_element());
  BOOST_TEST(numbers(second.of_all) == numbers(windows[0].targets), per_element());
  // The last group has one clip, and none for the second rank.
  BOOST_TEST(numbers(windows.share(2, {.rank = 0, .ranks = 2}).inputs) == numbers(windows[2].inputs), per_element());
  const auto none = windows.share(2, {.rank = 1, .ranks = 2});
  BOOST_TEST(none.frames() == 0);
  BOOST_TEST((none.inputs.shape() == Shape{0, 3, 1}));
  BOOST_TEST(windows.share(0, {}).of_all.size() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
