#include <recur/train/data/characters.h>
#include <recur/train/data/stream_batches.h>
#include <recur/train/data/text.h>
#include <recur/train/data/text_file.h>

#include "../temporary_directory.h"

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;
using Ids = std::vector<std::int32_t>;

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory.file("text.txt");
  TextFile open(const std::string& text) const {
    TemporaryDirectory::write(path, text);
    return TextFile(path);
  }
};

Ids read(const IdSequence& ids, Index first, Index count) {
  Ids result(static_cast<std::size_t>(count));
  ids.read(first, result);
  return result;
}

// Characters of one to four bytes and bytes that are none, so many that pieces and marks end within characters.
std::string long_text() {
  const std::string parts[] = {"a", "é", "€", "😀", "\xFF", "bcd", "\xC3"};
  std::string text;
  for (std::size_t i = 0; text.size() < 2'500'000; ++i) text += parts[(i * i + i / 7) % 7];
  return text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(text_file, Fixture)

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_no_character) {
  for (const std::string text : {"plain", "çédille"}) {
    const TextFile without = open(text);
    const Ids expected = read(without.ids(), 0, without.size());
    const TextFile with = open("\xEF\xBB\xBF" + text);
    BOOST_TEST(with.size() == without.size());
    BOOST_TEST((with.vocabulary() == without.vocabulary()));
    BOOST_TEST(read(with.ids(), 0, with.size()) == expected, boost::test_tools::per_element());
    BOOST_TEST(read(with.ids(), 2, 2) == (Ids{expected[2], expected[3]}), boost::test_tools::per_element());
    BOOST_TEST(read_text_file(path) == text);
  }
  BOOST_CHECK_THROW(open("\xEF\xBB\xBF"), FormatError);
}

BOOST_AUTO_TEST_CASE(messages_show_characters_that_cannot_be_seen_by_number) {
  BOOST_TEST(shown_character("a") == "'a'");
  BOOST_TEST(shown_character("é") == "'é'");
  BOOST_TEST(shown_character("\r") == "U+000D");
  BOOST_TEST(shown_character("\xEF\xBB\xBF") == "U+FEFF");
  BOOST_TEST(shown_character("\xFF") == "byte 0xFF");
}

BOOST_AUTO_TEST_CASE(the_same_ids_as_from_memory) {
  const std::string text = long_text();
  const TextFile file = open(text);
  const Vocabulary vocabulary(text);
  BOOST_TEST((file.vocabulary() == vocabulary));
  const Ids expected = vocabulary.encode(text);
  BOOST_TEST(file.size() == static_cast<Index>(expected.size()));
  BOOST_TEST((read(file.ids(), 0, file.size()) == expected));
  for (Index first = 0; first + 5000 < file.size(); first += 4093) {
    const Ids part = read(file.ids(), first, 500);
    BOOST_REQUIRE(std::equal(part.begin(), part.end(), expected.begin() + first));
  }
}

BOOST_AUTO_TEST_CASE(batches_are_read_from_the_file) {
  const std::string text = "hällo wörld, hällo wörld, hällo";
  const IdSequence ids = open(text).ids();
  const StreamBatches from_file(ids.part(3, ids.size() - 3), 2, 4);
  Ids all = Vocabulary(text).encode(text);
  const StreamBatches from_memory(Ids(all.begin() + 3, all.end()), 2, 4);
  BOOST_TEST(from_file.size() == from_memory.size());
  for (Index i = 0; i < from_file.size(); ++i) {
    BOOST_TEST(from_file[i].inputs == from_memory[i].inputs, boost::test_tools::per_element());
    BOOST_TEST(from_file[i].targets == from_memory[i].targets, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_refused) {
  BOOST_CHECK_THROW(open(""), FormatError);
  BOOST_CHECK_THROW(TextFile(directory.file("missing")), FormatError);
  const TextFile file = open("abc");
  BOOST_CHECK_THROW((void)read(file.ids(), 1, 3), ValueError);
  BOOST_CHECK_THROW((void)read(file.ids(), -1, 1), ValueError);
  BOOST_CHECK_THROW((void)file.ids().part(2, 2), ValueError);
  BOOST_CHECK_THROW((void)read(file.ids(Vocabulary("ab")), 0, 3), ValueError);
  BOOST_TEST(read(file.ids(Vocabulary("xcba")), 0, 3) == (Ids{0, 1, 2}), boost::test_tools::per_element());
  std::filesystem::resize_file(path, 1);
  BOOST_CHECK_THROW((void)read(file.ids(), 0, 3), FormatError);
}

BOOST_AUTO_TEST_SUITE_END()
