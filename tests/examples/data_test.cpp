#include <recur/io/npz.h>

#include "../temporary_directory.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>

using namespace recur;

// What the example programs make of data of one's own (--data): easy things, which they learn within seconds.

namespace {

class Program {
 public:
  explicit Program(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return folder_.file(name); }
  void write(const std::string& name, const std::string& text) const { TemporaryDirectory::write(file(name), text); }

  /// The last line of the program's output, JSON.
  [[nodiscard]] nlohmann::json run(const std::string& arguments) const {
    BOOST_REQUIRE_EQUAL(start(arguments + " --json"), 0);
    const std::string text = TemporaryDirectory::read(file("out"));
    const std::size_t before = text.rfind('\n', text.size() - 2);
    return nlohmann::json::parse(text.substr(before == std::string::npos ? 0 : before));
  }
  /// What a program says that refuses its data.
  [[nodiscard]] std::string refusal(const std::string& arguments) const {
    BOOST_CHECK_NE(start(arguments), 0);
    return TemporaryDirectory::read(file("err"));
  }

 private:
  [[nodiscard]] int start(const std::string& arguments) const {
    const std::string command = "cd '" + folder_.directory().string() + "' && '" RECUR_EXAMPLES "/" + name_ + "' " +
                                arguments + " >out 2>err </dev/null";
    return std::system(command.c_str());
  }

  std::string name_;
  TemporaryDirectory folder_;
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(data)

// Chords that repeat every two frames: after a few epochs a frame is known from the one before.
BOOST_AUTO_TEST_CASE(pieces_of_music) {
  const Program program("polyphonic_music");
  NpzWriter file(program.file("music.npz"));
  for (const std::string part : {"train", "valid", "test"}) {
    Tensor<float> frames({60, 4});
    for (Index t = 0; t < 60; ++t) frames(t, 2 * (t % 2)) = frames(t, 2 * (t % 2) + 1) = 1;
    file.add(part + "_frames", frames);
    file.add(part + "_lengths", Tensor<Index>({3}, {20, 10, 30}));
  }
  file.commit();
  const auto result = program.run("--data music.npz --units 16 --dropout 0 --batch 1 --epochs 40 --lr 0.01");
  BOOST_TEST(result.at("test_nll").get<double>() < 0.1);  // 4 ln 2 without a model
  BOOST_TEST(!result.contains("optimum"));
  BOOST_TEST(contains(program.refusal("--data missing.npz"), "missing.npz"));
}

BOOST_AUTO_TEST_CASE(words_with_the_settings_of_the_paper) {
  const Program program("word_lm");
  std::string text;
  for (int i = 0; i < 900; ++i) text += "the cat sees a dog near the old mill\n";
  program.write("text", text);
  const std::string data = "--data text --valid text --test text ";
  const auto number = [&](const std::string& options, const char* name) {
    return program.run(data + options).at(name).get<double>();
  };
  BOOST_TEST(number("--preset small --epochs 2", "test_perplexity") < 2);
  // Too few steps for it to learn; it is not to get lost either.
  BOOST_TEST(number("--preset medium --epochs 1", "test_perplexity") < 20);
  BOOST_TEST(number("--epochs 1", "words") == 10);  // with <unk> and <eos>
  BOOST_TEST(contains(program.refusal("--data text"), "--data, --valid and --test are given together"));
}

BOOST_AUTO_TEST_CASE(a_series_of_ones_own) {
  const Program program("forecast");
  std::string series = "value\n";
  for (int t = 0; t < 60; ++t) series += std::to_string(100 + t + 10 * std::sin(0.5236 * t)) + '\n';
  program.write("series.csv", series);
  const auto result = program.run("--data series.csv --networks 1 --steps 30 --test 12");
  BOOST_TEST(result.at("one_step_mape").get<double>() < result.at("seasonal_naive_mape").get<double>());
}

BOOST_AUTO_TEST_CASE(options_are_kept_with_the_run) {
  const Program program("char_lm");
  program.write("text", std::string(400, 'a') + std::string(400, 'b'));
  (void)program.run("--data text --hidden 4 --batch 2 --time 5 --epochs 1 --sample 0 --run kept");
  const auto config = nlohmann::json::parse(TemporaryDirectory::read(program.file("kept/config.json")));
  BOOST_TEST(config.at("data") == "text");
  BOOST_TEST(config.at("hidden") == 4);
  BOOST_TEST(config.at("json") == true);
  BOOST_TEST(config.at("lr") == 6e-3);
}

BOOST_AUTO_TEST_SUITE_END()
