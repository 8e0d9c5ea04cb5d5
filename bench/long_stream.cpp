// Trains on one sequence that is never in memory as a whole: a file of floats is mapped, learned from window by window,
// the states carried over (TruncatedBPTT), and the memory in use is printed on the way. It stays the same however long
// the file is.
//
//   long_stream --time 10000000 --window 1000 --hidden 8
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/io/mapped_file.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/recurrent/truncated_bptt.h>
#include <recur/optim/optimizers.h>

#include <fmt/format.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace {

using namespace recur;

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Removes a file at the end of a scope, however that is left.
class Removed {
 public:
  explicit Removed(std::filesystem::path path) : path_(std::move(path)) {}
  ~Removed() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Removed(const Removed&) = delete;
  Removed& operator=(const Removed&) = delete;

 private:
  std::filesystem::path path_;
};

// Two sine waves that drift against each other, and noise. The file is gone by name as soon as it is mapped.
MappedFile make_sequence(const std::filesystem::path& path, Index count) {
  const Removed removed(path);
  std::ofstream file(path, std::ios::binary);
  Generator generator(1);
  std::vector<float> chunk;
  for (Index t = 0; t < count && file.good(); ++t) {
    const auto at = static_cast<double>(t);
    chunk.push_back(static_cast<float>(std::sin(0.1 * at) + 0.5 * std::sin(0.013 * at) + 0.05 * generator.normal()));
    if (chunk.size() < 65536 && t + 1 < count) continue;
    file.write(reinterpret_cast<const char*>(chunk.data()), static_cast<std::streamsize>(chunk.size() * sizeof(float)));
    chunk.clear();
  }
  file.close();
  require<FormatError>(file.good(), "long_stream: '{}' could not be written (is the disk full?)", path.string());
  return MappedFile(path);
}

// Numbers [begin, begin + count) of the file, where they lie.
std::span<const float> numbers(const MappedFile& file, Index begin, Index count) {
  const auto bytes =
      file.bytes(static_cast<std::size_t>(begin) * sizeof(float), static_cast<std::size_t>(count) * sizeof(float));
  return {reinterpret_cast<const float*>(bytes.data()), static_cast<std::size_t>(count)};
}

void train(const MappedFile& file, Index time, Index window, Index hidden) {
  RNN rnn(LSTMCell(hidden), {.return_sequences = true, .return_state = true, .time_major = true});
  Dense head(1);
  Builder builder(1, DType::float32, Generator(1));
  rnn.build(builder);
  builder.input_size = hidden;
  head.build(builder);
  ParameterVisitor visitor;
  visitor.in("rnn", rnn);
  visitor.in("head", head);
  const auto learned = visitor.take();
  optim::Optimizer optimizer = optim::adam({.learning_rate = 0.003});

  Tape tape;
  TruncatedBPTT truncated({.k1 = window});
  const Index count = truncated.count(time - 1);  // the last value is only predicted
  const Index every = std::max<Index>(1, count / 10);
  double sum_of_losses = 0;
  for (Index i = 0; i < count; ++i) {
    const auto steps = truncated.window(i, time - 1);
    const Index length = steps.end - steps.begin;
    const std::span<const float> window_of = numbers(file, steps.begin, length + 1);
    const Shape shape{length, 1, 1};
    const Var x = tape.constant(shape, window_of.first(static_cast<std::size_t>(length)));
    const Var next = tape.constant(shape, window_of.subspan(1));
    file.release(static_cast<std::size_t>(steps.begin) * sizeof(float), window_of.size_bytes());
    const Var error = head(truncated.call(rnn, x, steps).output) - next;
    const Var loss = mean(error * error);
    tape.backward(loss);
    sum_of_losses += loss.item();
    tape.reset();
    optimizer.step(learned);
    if ((i + 1) % every != 0) continue;
    fmt::print("{:>9} steps: loss {:.5f}, peak {:.1f} MB\n", steps.end, sum_of_losses / static_cast<double>(every),
               peak_memory_mb());
    sum_of_losses = 0;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Trains on one long sequence that is read window by window from a mapped file.");
  Index time = 10'000'000;
  Index window = 1000;
  Index hidden = 8;
  std::filesystem::path path = std::filesystem::temp_directory_path() / "recur_long_stream.bin";
  app.add_option("--time", time, "Values of the sequence")->check(CLI::Range(2, 1 << 30))->capture_default_str();
  app.add_option("--window", window, "Steps of a window")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--hidden", hidden, "Units")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--file", path, "Where the sequence is put; removed")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  require<ValueError>(!std::filesystem::exists(path), "--file '{}' is there already", path.string());
  train(make_sequence(path, time), time, window, hidden);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "long_stream: {}\n", error.what());
  return 2;
}
