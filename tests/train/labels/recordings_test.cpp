#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>
#include <recur/train/labels/linear_classifier.h>
#include <recur/train/labels/recordings.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

#include "../../temporary_directory.h"

namespace {

using namespace recur;
using boost::test_tools::per_element;

const std::string table =
    "id,who,what,t,x,y\n10,ann,wave,0,1,2\n10,ann,wave,1,3,4\n9,bob,rest,0,5,6\n9,bob,rest,1,7,8\n9,bob,rest,2,9,10\n"
    "11,cem,wave,0,0,0\n";

struct Fixture {
  TemporaryDirectory directory;
  RecordingSource source{.path = directory.file("r.csv"), .id = "id", .time = "t", .label = "what", .subject = "who"};

  [[nodiscard]] LabelledRecordings read(const std::string& text) const {
    TemporaryDirectory::write(source.path, text);
    return read_recordings(source);
  }
  [[nodiscard]] bool refused(const std::string& text, const std::string& words) const {
    try {
      (void)read(text);
    } catch (const Error& error) {
      return std::string(error.what()).find(words) != std::string::npos;
    }
    return false;
  }
};

BOOST_FIXTURE_TEST_SUITE(recordings, Fixture)

BOOST_AUTO_TEST_CASE(tables_with_ids) {
  const LabelledRecordings all = read(table);
  BOOST_TEST(all.size() == 3);
  BOOST_TEST(all.classes == (std::vector<std::string>{"rest", "wave"}), per_element());
  BOOST_TEST(all.table.inputs == (std::vector<std::string>{"x", "y"}), per_element());
  BOOST_TEST(all.subjects == (std::vector<std::string>{"ann", "bob", "cem"}), per_element());
  BOOST_TEST(all.labels[0] == (std::vector<std::int32_t>{1, 1}), per_element());
  BOOST_TEST(all.table.series[1].inputs == (std::vector<float>{5, 6, 7, 8, 9, 10}), per_element());
  BOOST_TEST(!all.changes());
  const std::vector<std::string> other = {"walk"};
  BOOST_CHECK_THROW((void)read_recordings(source, other), ValueError);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_has_its_place) {
  BOOST_TEST(refused("id,who,what,t,x\n1,a,w,0,1\n1,a,w,1,\n", "line 3, column 'x'"));
  BOOST_TEST(refused("id,who,what,t,x\n1,a,w,0,1\n1,a,,1,1\n", "line 3: a label is missing"));
  BOOST_TEST(refused("id,who,what,t,x\n1,a,w,1,1\n1,a,w,1,1\n", "sort the rows"));
  BOOST_TEST(refused("id,who,what,t,x\n1,a,w,0,1\n1,b,w,1,1\n", "of subject 'a' and of 'b'"));
  BOOST_TEST(refused("id,who,wat,t,x\n1,a,w,0,1\n", "what"));
}

BOOST_AUTO_TEST_CASE(folders_name_labels) {
  for (const char* label : {"circle", "wave"}) {
    std::filesystem::create_directories(directory.file(std::string("all/") + label));
    for (const char* name : {"s2_a.csv", "s10_a.csv"})
      TemporaryDirectory::write(directory.file(std::string("all/") + label + "/" + name), "x\n1\n2\n");
  }
  RecordingSource folder{.path = directory.file("all"), .subject_from = "/(s[0-9]+)_"};
  const LabelledRecordings all = read_recordings(folder);
  BOOST_TEST(all.size() == 4);
  BOOST_TEST(all.classes == (std::vector<std::string>{"circle", "wave"}), per_element());
  BOOST_TEST(all.subjects == (std::vector<std::string>{"s2", "s10", "s2", "s10"}), per_element());
  folder.subject_from = "(no)";
  BOOST_CHECK_THROW((void)read_recordings(folder), FormatError);
}

BOOST_AUTO_TEST_CASE(subjects_stay_together) {
  LabelledRecordings all = read(table);
  const std::vector<std::string> test = {"bob"};
  split_by_subject(all, {}, test);
  BOOST_TEST((all.table.series[1].parts[0] == Part::test));
  BOOST_TEST((all.table.series[2].parts[0] == Part::training));
  // Only bob rests.
  BOOST_CHECK_EXCEPTION(require_known_labels(all), ValueError, [](const Error& error) {
    return std::string(error.what()).find("the label 'rest' of recording '9'") != std::string::npos;
  });
  split_by_subject(all, 1, 0, 3);
  BOOST_TEST(label_windows(all, Part::validation, {}).size() == 1U);
  BOOST_CHECK_THROW(split_by_subject(all, 2, 1, 0), ValueError);
  const std::vector<std::string> nobody = {"ben"};
  BOOST_CHECK_THROW(split_by_subject(all, nobody, {}), ValueError);
}

BOOST_AUTO_TEST_CASE(windows_stay_within_recordings) {
  std::string text = "id,who,what,t,x,y\n";
  for (int t = 0; t < 7; ++t) text += "1,a," + std::string(t < 4 ? "w" : "r") + "," + std::to_string(t) + ",1,2\n";
  text += "2,b,r,0,8,9\n";
  const LabelledRecordings all = read(text);
  BOOST_TEST(all.changes());
  const auto windows = label_windows(all, Part::training, {.length = 4, .stride = 2});
  BOOST_REQUIRE(windows.size() == 4U);  // 0, 2, the last one at 3, and the short recording
  BOOST_TEST(windows[2].first == 3);
  BOOST_TEST(windows[3].rows == 1);
  BOOST_TEST(label_of(all, windows[0]) == 1);  // w: rows 0 to 3
  BOOST_TEST(label_of(all, windows[1]) == 0);  // two and two: the last one
  BOOST_TEST(label_of(all, windows[2]) == 0);
  const PaddedBatch batch = gather(all, std::span(windows).subspan(2), true);
  BOOST_TEST((batch.inputs.shape() == Shape{2, 4, 2}));
  BOOST_TEST(batch.lengths == (std::vector<Index>{4, 1}), per_element());
  BOOST_TEST(batch.targets.values() == (std::vector<float>{1, 0, 0, 0, 0, -1, -1, -1}), per_element());
  BOOST_TEST(batch.inputs(1, 0, 1) == 9);
  BOOST_TEST(batch.inputs(1, 1, 0) == 0);
  const PaddedBatch one = gather(all, windows, false);
  BOOST_TEST(one.labels);
  BOOST_TEST(one.targets.values() == (std::vector<float>{1, 0, 0, 0}), per_element());
  BOOST_TEST(balanced_weights(all, windows, false) == (std::vector<float>{4 / (2 * 3.0F), 2}), per_element());
}

// An offset and a strength of one recording go; how inputs relate to each other stays.
BOOST_AUTO_TEST_CASE(recordings_are_scaled_by_themselves) {
  LabelledRecordings all = read(
      "id,who,what,t,x,y\n1,ann,wave,0,1,10\n1,ann,wave,1,3,10\n2,bob,wave,0,-4,7\n2,bob,wave,1,0,7\n"
      "3,cem,rest,0,5,5\n3,cem,rest,1,5,5\n");
  scale_by_recording(all);
  // Of the four numbers of the first two recordings, two differ by 1 and by 2 from their means, so that the deviations
  // are 1 / sqrt(2) and 2 / sqrt(2).
  const float one = std::sqrt(2.0F);
  for (const std::size_t recording : {0U, 1U}) {
    const std::vector<float>& inputs = all.table.series[recording].inputs;
    BOOST_TEST(inputs == (std::vector<float>{-one, 0, one, 0}), per_element());
  }
  BOOST_TEST(all.table.series[2].inputs == (std::vector<float>{0, 0, 0, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(linear_model_tells_levels_apart) {
  Generator generator(1);
  std::string text = "id,who,what,t,x,y\n";
  for (int i = 0; i < 40; ++i)
    for (int t = 0; t < 5 + i % 3; ++t)
      text += fmt::format("{},s,{},{},{:.4f},{:.4f}\n", i, i % 2 ? "high" : "low", t, i % 2 + 0.1 * generator.normal(),
                          generator.normal());
  LabelledRecordings all = read(text);
  const auto windows = label_windows(all, Part::training, {});
  const auto half = std::span(windows).first(20), rest = std::span(windows).subspan(20);
  BOOST_TEST(class_score("accuracy", linear_decisions(all, half, rest)) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
