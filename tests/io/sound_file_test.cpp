#include <recur/framework/tensor/error.h>
#include <recur/io/sound_file.h>

#include "../temporary_directory.h"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace recur;

std::string little(std::uint32_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}

/// A WAV file by its description (Microsoft & IBM 1991): `code` 1 for integers, 3 for floats.
std::string wav(std::uint32_t code, std::uint32_t channels, std::uint32_t bits, const std::string& data) {
  const std::uint32_t frame = channels * bits / 8;
  return "RIFF" + little(static_cast<std::uint32_t>(36 + data.size()), 4) + "WAVEfmt " + little(16, 4) +
         little(code, 2) + little(channels, 2) + little(48000, 4) + little(48000 * frame, 4) + little(frame, 2) +
         little(bits, 2) + "data" + little(static_cast<std::uint32_t>(data.size()), 4) + data;
}

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory.file("a.wav");

  void write(const std::string& bytes) const { TemporaryDirectory::write(path, bytes); }
};

const bool sound_files = has_sound_files();
boost::test_tools::assertion_result with_sound_files(boost::unit_test::test_unit_id) { return sound_files; }

BOOST_FIXTURE_TEST_SUITE(sound_file, Fixture, *boost::unit_test::precondition(with_sound_files))

BOOST_AUTO_TEST_CASE(reads_what_the_format_says) {
  write(wav(1, 2, 16, little(0x8000, 2) + little(0x4000, 2) + little(0xFFFF, 2) + little(0, 2)));
  const Sound stereo = load_sound(path);
  BOOST_TEST(stereo.rate == 48000);
  BOOST_TEST(stereo.channels == 2);
  BOOST_TEST(stereo.frames() == 2);
  BOOST_TEST(stereo.samples == (std::vector<float>{-1, 0.5F, -1 / 32768.0F, 0}), boost::test_tools::per_element());
  write(wav(1, 1, 24, little(0x800000, 3) + little(1, 3)));
  BOOST_TEST(load_sound(path).samples == (std::vector<float>{-1, 1 / 8388608.0F}), boost::test_tools::per_element());
  write(wav(1, 1, 32, little(0x80000000U, 4) + little(0x40000000U, 4)));
  BOOST_TEST(load_sound(path).samples == (std::vector<float>{-1, 0.5F}), boost::test_tools::per_element());
  write(wav(3, 1, 32, little(0x3FC00000U, 4) + little(0xC0000000U, 4)));
  BOOST_TEST(load_sound(path).samples == (std::vector<float>{1.5F, -2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(writes_what_it_reads) {
  Sound sound{44100, 2, {}};
  for (int i = 0; i < 500; ++i) sound.samples.push_back(static_cast<float>(i - 250) / 256.0F);
  for (const char* name : {"a.wav", "a.flac"})
    for (const SampleFormat format :
         {SampleFormat::pcm16, SampleFormat::pcm24, SampleFormat::pcm32, SampleFormat::float32}) {
      path = directory.file(name);
      if (path.extension() == ".flac" && format != SampleFormat::pcm16 && format != SampleFormat::pcm24) {
        BOOST_CHECK_THROW((void)save_sound(path, sound, format), ValueError);
        continue;
      }
      BOOST_TEST(save_sound(path, sound, format) == 0);
      const Sound back = load_sound(path);
      BOOST_TEST(back.rate == 44100);
      BOOST_TEST(back.channels == 2);
      BOOST_TEST(back.samples == sound.samples, boost::test_tools::per_element());  // multiples of 2⁻⁸ are exact
      const std::string once = TemporaryDirectory::read(path);
      (void)save_sound(path, sound, format);
      BOOST_TEST(TemporaryDirectory::read(path) == once);
    }
}

BOOST_AUTO_TEST_CASE(full_scale_is_the_most_of_integers) {
  const Sound loud{44100, 1, {2, -3, 0.25F}};
  BOOST_TEST(save_sound(path, loud, SampleFormat::pcm16) == 2);
  BOOST_TEST(load_sound(path).samples == (std::vector<float>{32767 / 32768.0F, -1, 0.25F}),
             boost::test_tools::per_element());
  BOOST_TEST(save_sound(path, loud) == 0);
  BOOST_TEST(load_sound(path).samples == loud.samples, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_sound) {
  const auto refused = [&](const std::string& words) {
    BOOST_CHECK_EXCEPTION((void)load_sound(path), FormatError,
                          [&](const Error& e) { return std::string(e.what()).find(words) != std::string::npos; });
  };
  refused("a.wav");
  write("RIFF");
  refused("a.wav");
  write(wav(1, 1, 16, ""));
  refused("no samples");
  const std::string nan = little(0x7FC00000U, 4);
  write(wav(3, 1, 32, little(0, 4) + nan));
  refused("frame 1");
  BOOST_CHECK_THROW((void)save_sound(directory.file("a.mp3"), {44100, 1, {0}}), ValueError);
  BOOST_CHECK_THROW((void)save_sound(path, {44100, 2, {0, 0, 0}}), ValueError);
  BOOST_CHECK_THROW((void)save_sound(directory.file("none/a.wav"), {44100, 1, {0}}), FormatError);
  BOOST_TEST(is_sound_file("A.WAV"));
  BOOST_TEST(!is_sound_file("a.csv"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
