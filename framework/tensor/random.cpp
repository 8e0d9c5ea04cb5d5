#include <recur/framework/tensor/random.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace recur {
namespace {

constexpr std::uint32_t multiplier_0 = 0xD2511F53;
constexpr std::uint32_t multiplier_1 = 0xCD9E8D57;
constexpr std::uint32_t weyl_0 = 0x9E3779B9;  // golden ratio
constexpr std::uint32_t weyl_1 = 0xBB67AE85;  // sqrt(3) - 1
constexpr int rounds = 10;

constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32U); }
constexpr double to_unit(std::uint64_t word) { return static_cast<double>(word >> 11U) * 0x1p-53; }

// `lanes` counters side by side, so that the compiler runs each round on whole registers. Words are left in
// structure-of-arrays order: c[word][lane].
template <std::size_t lanes>
void philox_lanes(std::array<std::array<std::uint32_t, lanes>, 4>& c, std::uint32_t key_0, std::uint32_t key_1) {
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < lanes; ++i) {
      const std::uint64_t product_0 = std::uint64_t{multiplier_0} * c[0][i];
      const std::uint64_t product_1 = std::uint64_t{multiplier_1} * c[2][i];
      c[0][i] = high(product_1) ^ c[1][i] ^ key_0;
      c[1][i] = low(product_1);
      c[2][i] = high(product_0) ^ c[3][i] ^ key_1;
      c[3][i] = low(product_0);
    }
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
}

std::uint64_t hash(std::string_view text) {  // FNV-1a
  std::uint64_t h = 0xCBF29CE484222325;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return h;
}

struct NormalPair {
  double first, second;
};

NormalPair box_muller(double u, double v) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - u));  // 1 - u is in (0, 1]
  const double angle = 2.0 * std::numbers::pi * v;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

template <Scalar T>
void fill_pairs(Generator& generator, std::span<T> values) {
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const double u = generator.uniform();
    const NormalPair pair = box_muller(u, generator.uniform());
    values[i] = static_cast<T>(pair.first);
    if (i + 1 < values.size()) values[i + 1] = static_cast<T>(pair.second);
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  std::array<std::array<std::uint32_t, 1>, 4> c{{{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}}};
  philox_lanes<1>(c, key[0], key[1]);
  return {c[0][0], c[1][0], c[2][0], c[3][0]};
}

Generator Generator::fork(std::uint64_t id) const {
  // Another key than the numbers drawn have, so that stream names are unrelated to them.
  constexpr std::uint64_t fork_key = 0x6A09E667F3BCC908;  // sqrt(2)
  const std::uint64_t key = state_.seed ^ fork_key;
  const auto words = philox4x32({low(id), high(id), low(state_.stream), high(state_.stream)}, {low(key), high(key)});
  return Generator(State{state_.seed, std::uint64_t{words[1]} << 32U | words[0], 0});
}

Generator Generator::fork(std::string_view name) const { return fork(hash(name)); }

void Generator::load_block() {
  const std::uint64_t number = state_.position / 4;
  if (number == block_number_) return;
  block_ = philox4x32({low(number), high(number), low(state_.stream), high(state_.stream)},
                      {low(state_.seed), high(state_.seed)});
  block_number_ = number;
}

std::uint32_t Generator::next_uint32() {
  load_block();
  return block_[state_.position++ % 4];
}

std::uint64_t Generator::next_uint64() {
  const std::uint64_t first = next_uint32();
  return std::uint64_t{next_uint32()} << 32U | first;
}

double Generator::uniform() { return to_unit(next_uint64()); }

double Generator::normal() {
  const double u = uniform();
  return box_muller(u, uniform()).first;
}

double Generator::truncated_normal(double limit) {
  require<ValueError>(limit > 0, "Generator::truncated_normal: the limit is {}, it must be positive", limit);
  double value = normal();
  while (!(std::abs(value) <= limit)) value = normal();
  return value;
}

Index Generator::below(Index n) {
  require<ValueError>(n >= 1, "Generator::below: there is no integer in [0, {})", n);
  const auto range = static_cast<std::uint64_t>(n);
  // The first 2^64 mod n values would make small results likelier.
  const std::uint64_t rejected = (~range + 1) % range;
  std::uint64_t word = next_uint64();
  while (word < rejected) word = next_uint64();
  return static_cast<Index>(word % range);
}

void Generator::fill_words(std::span<std::uint32_t> words) {
  constexpr std::size_t lanes = 16;
  std::size_t done = 0;
  while (done < words.size() && state_.position % 4 != 0) words[done++] = next_uint32();
  for (; done + 4 * lanes <= words.size(); done += 4 * lanes) {
    std::array<std::array<std::uint32_t, lanes>, 4> c{};
    for (std::size_t i = 0; i < lanes; ++i) {
      const std::uint64_t number = state_.position / 4 + i;
      c[0][i] = low(number);
      c[1][i] = high(number);
      c[2][i] = low(state_.stream);
      c[3][i] = high(state_.stream);
    }
    philox_lanes(c, low(state_.seed), high(state_.seed));
    for (std::size_t i = 0; i < lanes; ++i)
      for (std::size_t w = 0; w < 4; ++w) words[done + 4 * i + w] = c[w][i];
    state_.position += 4 * lanes;
  }
  while (done < words.size()) words[done++] = next_uint32();
}

void Generator::fill_uniform(std::span<float> values) {
  std::array<std::uint32_t, 1024> words;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before read
  for (std::size_t at = 0; at < values.size(); at += words.size()) {
    const std::size_t count = std::min(words.size(), values.size() - at);
    fill_words(std::span(words).first(count));
    for (std::size_t i = 0; i < count; ++i)
      values[at + i] = static_cast<float>(static_cast<std::int32_t>(words[i] >> 8U)) * 0x1p-24F;
  }
}

void Generator::fill_uniform(std::span<double> values) {
  std::array<std::uint32_t, 1024> words;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before read
  for (std::size_t at = 0; at < values.size(); at += words.size() / 2) {
    const std::size_t count = std::min(words.size() / 2, values.size() - at);
    fill_words(std::span(words).first(2 * count));
    for (std::size_t i = 0; i < count; ++i)
      values[at + i] = to_unit(std::uint64_t{words[2 * i + 1]} << 32U | words[2 * i]);
  }
}

void Generator::fill_normal(std::span<float> values) { fill_pairs(*this, values); }
void Generator::fill_normal(std::span<double> values) { fill_pairs(*this, values); }

std::vector<Index> Generator::permutation(Index n) {
  require<ValueError>(n >= 0, "Generator::permutation: negative length {}", n);
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(order);
  return order;
}

}  // namespace recur
