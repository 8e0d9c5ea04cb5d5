#include <recur/framework/tensor/random.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace recur;

namespace {

struct Moments {
  double mean, variance, kurtosis;
};

Moments moments(const std::vector<double>& x) {
  const auto n = static_cast<double>(x.size());
  double mean = 0;
  for (const double v : x) mean += v / n;
  double second = 0;
  double fourth = 0;
  for (const double v : x) {
    const double d = v - mean;
    second += d * d / n;
    fourth += d * d * d * d / n;
  }
  return {mean, second, fourth / (second * second)};
}

using Words = std::array<std::uint32_t, 4>;

}  // namespace

BOOST_AUTO_TEST_SUITE(random_numbers)  // `random` is a C function

// Known answers published with the Random123 library.
BOOST_AUTO_TEST_CASE(philox_gives_the_published_words) {
  constexpr std::uint32_t ones = 0xFFFFFFFF;
  const Words zero = philox4x32({0, 0, 0, 0}, {0, 0});
  const Words full = philox4x32({ones, ones, ones, ones}, {ones, ones});
  const Words pi = philox4x32({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0});
  BOOST_TEST((zero == Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  BOOST_TEST((full == Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  BOOST_TEST((pi == Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

BOOST_AUTO_TEST_CASE(a_generator_reads_the_counter_words_in_order) {
  Generator generator(0);
  BOOST_TEST(generator.next_uint32() == 0x6627E8D5U);
  BOOST_TEST(generator.next_uint64() == 0xBC57AC4CE169C58DU);
  BOOST_TEST(generator.next_uint32() == 0x9B00DBD8U);
  BOOST_TEST(generator.next_uint32() == philox4x32({1, 0, 0, 0}, {0, 0})[0]);
}

BOOST_AUTO_TEST_CASE(bulk_words_are_the_single_ones_whatever_the_start) {
  for (const int start : {0, 1, 2, 3, 5}) {
    Generator one(99);
    Generator bulk(99);
    for (int i = 0; i < start; ++i) BOOST_TEST(one.next_uint32() == bulk.next_uint32());
    std::vector<float> floats(2501);
    bulk.fill_uniform(floats);
    for (const float value : floats) BOOST_REQUIRE(value == static_cast<float>(one.next_uint32() >> 8U) * 0x1p-24F);
    std::vector<double> doubles(1203);
    bulk.fill_uniform(doubles);
    for (const double value : doubles) BOOST_REQUIRE(value == one.uniform());
    BOOST_TEST((one.state() == bulk.state()));
    BOOST_TEST(one.next_uint64() == bulk.next_uint64());
  }
}

BOOST_AUTO_TEST_CASE(a_saved_state_continues_bit_for_bit) {
  Generator generator = Generator(7).fork("kernel");
  for (int i = 0; i < 13; ++i) (void)generator.normal();
  (void)generator.next_uint32();
  const Generator::State saved = generator.state();
  Generator resumed(saved);
  for (int i = 0; i < 50; ++i) BOOST_TEST(generator.normal() == resumed.normal());
  BOOST_TEST((generator.state() == resumed.state()));
  BOOST_TEST(saved.position == 13U * 4U + 1U);
}

BOOST_AUTO_TEST_CASE(seeds_and_forks_differ_and_forks_do_not_depend_on_the_position) {
  std::set<std::uint64_t> first;
  Generator root(1);
  const Generator again = root.fork(3);
  (void)root.next_uint64();
  BOOST_TEST((root.fork(3).state() == again.state()));
  for (std::uint64_t id = 0; id < 1000; ++id) first.insert(root.fork(id).next_uint64());
  for (std::uint64_t seed = 0; seed < 1000; ++seed) first.insert(Generator(seed).next_uint64());
  first.insert(root.fork("kernel").next_uint64());
  first.insert(root.fork("bias").next_uint64());
  first.insert(root.fork("kernel").fork("bias").next_uint64());
  first.insert(root.fork("bias").fork("kernel").next_uint64());
  BOOST_TEST(first.size() == 2004U);
}

// Tolerances below: five standard errors of the estimate from n samples.
BOOST_AUTO_TEST_CASE(uniform_has_its_mean_and_variance) {
  std::vector<double> x(200'000);
  Generator generator(2);
  for (double& v : x) v = generator.uniform(-1, 3);
  const auto n = static_cast<double>(x.size());
  const Moments m = moments(x);
  BOOST_TEST(std::abs(m.mean - 1.0) < 5 * std::sqrt(16.0 / 12 / n));
  BOOST_TEST(std::abs(m.variance - 16.0 / 12) < 5 * 16 * std::sqrt(1.0 / 180 / n));
  BOOST_TEST(*std::min_element(x.begin(), x.end()) >= -1);
  BOOST_TEST(*std::max_element(x.begin(), x.end()) < 3);
}

BOOST_AUTO_TEST_CASE(normal_has_its_moments_one_by_one_and_in_bulk) {
  std::vector<double> single(200'000);
  std::vector<double> bulk(200'001);
  Generator generator(3);
  for (double& v : single) v = generator.normal();
  generator.fill_normal(bulk);
  for (const auto& x : {single, bulk}) {
    const auto n = static_cast<double>(x.size());
    const Moments m = moments(x);
    BOOST_TEST(std::abs(m.mean) < 5 / std::sqrt(n));
    BOOST_TEST(std::abs(m.variance - 1) < 5 * std::sqrt(2 / n));
    BOOST_TEST(std::abs(m.kurtosis - 3) < 5 * std::sqrt(24 / n));
  }
  // The two halves of a pair must not be related.
  double covariance = 0;
  for (std::size_t i = 0; i + 1 < bulk.size(); i += 2) covariance += bulk[i] * bulk[i + 1];
  const auto pairs = static_cast<double>(bulk.size() / 2);
  BOOST_TEST(std::abs(covariance / pairs) < 5 / std::sqrt(pairs));
}

BOOST_AUTO_TEST_CASE(floats_and_doubles_get_the_same_normal_values) {
  std::vector<double> doubles(101);
  std::vector<float> floats(101);
  Generator(4).fill_normal(doubles);
  Generator(4).fill_normal(floats);
  for (std::size_t i = 0; i < doubles.size(); ++i) BOOST_TEST(floats[i] == static_cast<float>(doubles[i]));
}

BOOST_AUTO_TEST_CASE(truncated_normal_is_cut_and_has_the_smaller_spread) {
  std::vector<double> x(200'000);
  Generator generator(5);
  for (double& v : x) v = generator.truncated_normal();
  const auto [least, greatest] = std::minmax_element(x.begin(), x.end());
  BOOST_TEST(*least >= -2);
  BOOST_TEST(*greatest <= 2);
  // Standard deviation of a normal variable cut at 2 sigma; the cut makes the tails lighter, so 5 normal errors
  // suffice.
  const auto n = static_cast<double>(x.size());
  BOOST_TEST(std::abs(std::sqrt(moments(x).variance) - 0.87962566103423978) < 5 * std::sqrt(0.5 / n));
  BOOST_CHECK_THROW((void)generator.truncated_normal(0), ValueError);
}

BOOST_AUTO_TEST_CASE(below_takes_every_value_equally_often) {
  Generator generator(6);
  constexpr Index n = 7;
  constexpr double draws = 70'000;
  std::array<double, n> count{};
  for (int i = 0; i < static_cast<int>(draws); ++i) count[static_cast<std::size_t>(generator.below(n))] += 1;
  double chi_squared = 0;
  for (const double c : count) chi_squared += (c - draws / n) * (c - draws / n) / (draws / n);
  BOOST_TEST(chi_squared < 30.0);  // 6 degrees of freedom: exceeded with probability 4e-5
  BOOST_TEST(generator.below(1) == 0);
  BOOST_CHECK_THROW((void)generator.below(0), ValueError);
  BOOST_CHECK_THROW((void)generator.below(-3), ValueError);
}

BOOST_AUTO_TEST_CASE(bernoulli_is_never_at_0_and_always_at_1) {
  Generator generator(8);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    BOOST_REQUIRE(!generator.bernoulli(0));
    BOOST_REQUIRE(generator.bernoulli(1));
    hits += generator.bernoulli(0.3) ? 1 : 0;
  }
  BOOST_TEST(std::abs(hits - 3000) < 5 * std::sqrt(10'000 * 0.3 * 0.7));
}

BOOST_AUTO_TEST_CASE(permutations_hold_each_number_once_and_all_orders_occur) {
  Generator generator(9);
  std::set<std::vector<Index>> orders;
  for (int i = 0; i < 1000; ++i) orders.insert(generator.permutation(4));
  BOOST_TEST(orders.size() == 24U);
  std::vector<Index> order = generator.permutation(1000);
  BOOST_TEST(!std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (Index i = 0; i < 1000; ++i) BOOST_REQUIRE(order[static_cast<std::size_t>(i)] == i);
  BOOST_TEST(generator.permutation(0).empty());
  BOOST_CHECK_THROW((void)generator.permutation(-1), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
