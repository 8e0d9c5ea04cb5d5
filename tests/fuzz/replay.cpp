// Feeds a fuzzing program's function with files, without libFuzzer: the corpora in tests.
// Usage: replay_READER [--mutations N] FOLDER…   (N changed copies of each file besides, the same in every run)
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count);

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr double longest_seconds = 10;
double slowest = 0;

void feed(const Bytes& bytes, const std::string& name) {
  const auto start = std::chrono::steady_clock::now();
  (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  slowest = std::max(slowest, seconds);
  if (seconds > longest_seconds) {
    std::fprintf(stderr, "%s takes %.1f s\n", name.c_str(), seconds);
    std::exit(1);
  }
}

/// Flips bits, writes extreme bytes, cuts, repeats and moves pieces.
Bytes mutated(Bytes bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % std::max<std::size_t>(n, 1)); };
  for (std::size_t change = 1 + below(4); change > 0 && !bytes.empty(); --change) {
    const std::size_t at = below(bytes.size());
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t length = std::min<std::size_t>(1 + below(16), bytes.size() - at);
    const auto end = begin + static_cast<std::ptrdiff_t>(length);
    switch (below(6)) {
      case 0:
        *begin ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 1:
        std::fill(begin, end, std::uint8_t{0xFF});
        break;
      case 2:
        std::fill(begin, end, std::uint8_t{0});
        break;
      case 3:
        bytes.erase(begin, end);
        break;
      case 4:
        bytes.resize(at);
        break;
      default: {
        const Bytes piece(begin, end);
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size())), piece.begin(), piece.end());
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  int mutations = 0;
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--mutations" && i + 1 < argc) mutations = std::atoi(argv[++i]);
    else
      for (const auto& entry : std::filesystem::directory_iterator(argv[i])) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::mt19937_64 random(1);
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    feed(bytes, file.string());
    for (int i = 0; i < mutations; ++i) feed(mutated(bytes, random), file.string() + ", changed");
  }
  std::printf("%zu files, each changed %d times; the slowest input took %.3f s\n", files.size(), mutations, slowest);
  return files.empty() ? 1 : 0;
}
