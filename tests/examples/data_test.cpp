#include <recur/framework/tensor/random.h>
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

// n sequences of `time` steps, each step and target being `fill(inputs, targets, sequence, step, random)`'s.
template <class F>
void save_sequences(const std::filesystem::path& path, Index n, Shape inputs, Shape targets, F fill) {
  NpzWriter file(path);
  Generator random(1);
  for (const std::string part : {"train", "test"}) {
    Tensor<float> x(inputs);
    Tensor<float> y(targets);
    for (Index i = 0; i < n; ++i) fill(x, y, i, random);
    file.add(part + "_inputs", x);
    file.add(part + "_targets", y);
  }
  file.commit();
}

// Two features of 6 steps; the last step's first one is wanted.
void save_last(const std::filesystem::path& path) {
  save_sequences(path, 200, {200, 6, 3}, {200}, [](auto& x, auto& y, Index i, Generator& random) {
    for (Index t = 0; t < 6; ++t)
      for (Index f = 0; f < 3; ++f) x(i, t, f) = static_cast<float>(random.uniform());
    y.values()[static_cast<std::size_t>(i)] = x(i, 5, 0);
  });
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(data)

BOOST_AUTO_TEST_CASE(numbers_told_from_sequences) {
  for (const char* name : {"adding_problem", "custom_cell"}) {
    const Program program(name);
    save_last(program.file("last.npz"));
    const auto result = program.run("--data last.npz --units 16 --steps 300 --lr 0.01");
    BOOST_TEST(result.at("test_mse").get<double>() < 0.01);  // 1/12 for a constant answer
  }
}

BOOST_AUTO_TEST_CASE(classes_of_sequences) {
  const Program program("sequence_classification");
  save_sequences(program.file("first.npz"), 300, {300, 5, 4}, {300}, [](auto& x, auto& y, Index i, Generator& random) {
    const Index kind = random.below(4);
    x(i, 0, kind) = 1;
    y.values()[static_cast<std::size_t>(i)] = static_cast<float>(kind);
  });
  const std::string train = "--data first.npz --units 16 --batch 20 --lr 0.01 ";
  BOOST_TEST(program.run(train + "--epochs 10").at("test_accuracy").get<double>() == 1);
  const auto stopped = program.run(train + "--epochs 1000 --validation 0.2 --patience 1 --lr 0.3 --run stopped");
  BOOST_TEST(stopped.contains("test_accuracy"));
  const std::string lines = TemporaryDirectory::read(program.file("stopped/metrics.csv"));
  BOOST_TEST(std::count(lines.begin(), lines.end(), '\n') < 300);  // it did end early
  const auto config = nlohmann::json::parse(TemporaryDirectory::read(program.file("stopped/config.json")));
  BOOST_TEST(config.at("data") == "first.npz");
  BOOST_TEST(config.at("units") == 16);
  BOOST_TEST(config.at("json") == true);
  BOOST_TEST(config.at("bidirectional") == false);
  BOOST_TEST(contains(program.refusal(train + "--patience 1 --validation 0"), "--patience needs sequences held out"));
}

BOOST_AUTO_TEST_CASE(ids_told_from_ids) {
  const Program program("copy_memory");
  save_sequences(program.file("same.npz"), 100, {100, 5}, {100, 5}, [](auto& x, auto& y, Index i, Generator& random) {
    for (Index t = 0; t < 5; ++t) x(i, t) = y(i, t) = static_cast<float>(random.below(12));
  });
  BOOST_TEST(program.run("--data same.npz --units 16 --steps 200 --lr 0.02").at("recall").get<double>() > 0.99);
}

BOOST_AUTO_TEST_CASE(files_of_other_shapes_are_refused) {
  const Program program("copy_memory");
  save_last(program.file("last.npz"));
  BOOST_TEST(contains(program.refusal("--data last.npz"), "is no id"));
  const Program sums("adding_problem");
  NpzWriter file(sums.file("odd.npz"));
  file.add("train_inputs", Tensor<float>({4, 3, 2}));
  file.add("train_targets", Tensor<float>({4, 1}));
  file.add("test_inputs", Tensor<float>({4, 3, 1}));
  file.add("test_targets", Tensor<float>({4, 1}));
  file.commit();
  BOOST_TEST(contains(sums.refusal("--data odd.npz"), "examples [3, 2] to learn from, [3, 1] to judge by"));
  NpzWriter part(sums.file("part.npz"));
  part.add("train_inputs", Tensor<float>({4, 3, 2}));
  part.commit();
  BOOST_TEST(contains(sums.refusal("--data part.npz"), "train_targets"));
}

BOOST_AUTO_TEST_CASE(pairs_of_texts) {
  const Program program("seq2seq");
  std::string pairs;
  Generator random(2);
  for (int i = 0; i < 400; ++i) {
    const auto letter = [&] { return static_cast<char>('a' + random.below(5)); };
    const std::string text{letter(), letter()};
    pairs += text + '\t' + static_cast<char>(std::toupper(text[0])) + "é\n";
  }
  program.write("pairs", pairs);
  const auto result = program.run("--data pairs --units 16 --steps 150 --lr 0.02");
  BOOST_TEST(result.at("test_accuracy").get<double>() == 1);
  BOOST_TEST(result.at("pairs").get<double>() == 40);
  program.write("pairs", "one\t1\ntwo 2\n");
  BOOST_TEST(contains(program.refusal("--data pairs"), "line 2: 'two 2' is not two texts"));
}

BOOST_AUTO_TEST_CASE(strings_of_the_grammar) {
  const Program program("reber_grammar");
  program.write("strings", "BTBTXSETE\nBPBTXSEPE\n");
  const auto result = program.run("--data strings --steps 100 --test-strings 200");
  BOOST_TEST(result.at("test_loss").get<double>() > 0.6);  // knows these two only
  program.write("strings", "BTBTXSETE\nBTBTXSEPE\n");
  BOOST_TEST(contains(program.refusal("--data strings"), "BTBTXSEPE"));
}

BOOST_AUTO_TEST_CASE(a_series_of_ones_own) {
  const Program program("autoregression");
  std::string series = "value\n";
  for (int t = 0; t < 1000; ++t) series += std::to_string(100 + 10 * std::sin(0.3 * t)) + '\n';
  program.write("series.csv", series);
  const auto result = program.run("--data series.csv --time 40 --steps 300");
  BOOST_TEST(result.at("test_mse").get<double>() < 0.5);  // of a variance of 50
  BOOST_TEST(!result.contains("floor"));
  BOOST_TEST(contains(program.refusal("--data series.csv --time 200"), "200"));
}

BOOST_AUTO_TEST_CASE(words_with_the_settings_of_the_paper) {
  const Program program("word_lm");
  std::string text;
  for (int i = 0; i < 900; ++i) text += "the cat sees a dog near the old mill\n";
  program.write("text", text);
  program.write("words", "the\ncat\nsees\n");
  const std::string data = "--data text --epochs 2 ";
  const auto number = [&](const std::string& options, const char* name) {
    return program.run(data + options).at(name).get<double>();
  };
  BOOST_TEST(number("--preset small", "test_perplexity") < 2);
  // Too few steps for it to learn; it is not to get lost either.
  BOOST_TEST(number("--preset medium --epochs 1", "test_perplexity") < 20);
  BOOST_TEST(number("--vocabulary words", "words") == 5);  // with <unk> and <eos>
  BOOST_TEST(number("--valid text --test text", "words") == 10);
  BOOST_TEST(contains(program.refusal(data + "--valid text"), "--valid and --test are given together"));
  program.write("words", "the\nthe\n");
  BOOST_TEST(contains(program.refusal(data + "--vocabulary words"), "'the'"));
}

BOOST_AUTO_TEST_CASE(gradients_through_more_than_a_window) {
  const Program program("char_lm");
  const std::string text =
      "--dataset even --characters 5000 --test-characters 2000 --layers 1 --hidden 8 --epochs 1 --sample 0 --time 8 ";
  const double apart = program.run(text).at("test_loss");
  BOOST_TEST(program.run(text + "--through 8").at("test_loss").get<double>() == apart);
  BOOST_TEST(program.run(text + "--through 16").at("test_loss").get<double>() != apart);
  BOOST_TEST(contains(program.refusal(text + "--through 4"), "k1 8 and k2 4"));
}

BOOST_AUTO_TEST_SUITE_END()
