#include <recur/train/samples/markov_text.h>

#include <array>
#include <cmath>

namespace recur::samples {
namespace {

constexpr std::size_t letters = 8;
using Row = std::array<double, letters>;
using PairTable = std::array<Row, letters>;

constexpr int weight(std::size_t a, std::size_t b, std::size_t c) {
  const auto r = static_cast<int>((3 * a + 5 * b + 7 * c + a * b * c) % 11);
  return 1 + r * r;
}

constexpr int total_weight(std::size_t a, std::size_t b) {
  int total = 0;
  for (std::size_t c = 0; c < letters; ++c) total += weight(a, b, c);
  return total;
}

Row next_letter(std::size_t a, std::size_t b) {
  Row p{};
  for (std::size_t c = 0; c < letters; ++c)
    p[c] = static_cast<double>(weight(a, b, c)) / static_cast<double>(total_weight(a, b));
  return p;
}

// How often each pair of neighbours occurs in the long run: the chain forgets where it began within a few steps.
PairTable stationary_pairs() {
  PairTable pairs;
  for (Row& row : pairs) row.fill(1.0 / (letters * letters));
  for (int step = 0; step < 200; ++step) {
    PairTable next{};
    for (std::size_t a = 0; a < letters; ++a)
      for (std::size_t b = 0; b < letters; ++b) {
        const Row p = next_letter(a, b);
        for (std::size_t c = 0; c < letters; ++c) next[b][c] += pairs[a][b] * p[c];
      }
    pairs = next;
  }
  return pairs;
}

double entropy(const Row& p) {
  double sum = 0;
  for (const double x : p)
    if (x > 0) sum -= x * std::log(x);
  return sum;
}

}  // namespace

std::string markov_text(Index characters, Generator& generator) {
  require<ValueError>(characters >= 0, "markov_text: negative length {}", characters);
  constexpr int unrecorded = 100;  // steps after which the arbitrary start is forgotten
  std::string text;
  text.reserve(static_cast<std::size_t>(characters));
  std::size_t a = 0;
  std::size_t b = 0;
  for (Index i = -unrecorded; i < characters; ++i) {
    Index drawn = generator.below(total_weight(a, b));
    std::size_t c = 0;
    while (drawn >= weight(a, b, c)) drawn -= weight(a, b, c++);
    if (i >= 0) text += static_cast<char>('a' + c);
    a = b;
    b = c;
  }
  return text;
}

MarkovEntropy markov_entropy() {
  const PairTable pairs = stationary_pairs();
  MarkovEntropy result{};
  Row single{};
  for (std::size_t b = 0; b < letters; ++b) {
    Row after{};  // P(b, c), then P(c | b)
    for (std::size_t a = 0; a < letters; ++a) {
      const Row p = next_letter(a, b);
      result.rate += pairs[a][b] * entropy(p);
      single[b] += pairs[a][b];
      for (std::size_t c = 0; c < letters; ++c) after[c] += pairs[a][b] * p[c];
    }
    for (double& x : after) x /= single[b];
    result.first_order += single[b] * entropy(after);
  }
  result.unigram = entropy(single);
  return result;
}

}  // namespace recur::samples
