#include <recur/train/data/dataset.h>
#include <recur/train/views/batch.h>
#include <recur/train/views/concatenate.h>
#include <recur/train/views/generate.h>
#include <recur/train/views/map.h>
#include <recur/train/views/map_randomly.h>
#include <recur/train/views/repeat.h>
#include <recur/train/views/shuffle.h>
#include <recur/train/views/slice.h>
#include <recur/train/views/split.h>

#include <boost/test/unit_test.hpp>

#include <numeric>
#include <set>

namespace {

using namespace recur;
using namespace recur::views;
using Numbers = std::vector<Index>;

// The numbers 0 … n-1.
struct Counting {
  Index n;
  [[nodiscard]] Index size() const { return n; }
  Index operator[](Index index) const { return index; }
};

template <class D>
Numbers all(const D& data) {
  Numbers numbers;
  for (Index i = 0; i < data.size(); ++i) numbers.push_back(data[i]);
  return numbers;
}
Numbers counting(Index n, Index first = 0) {
  Numbers numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}
template <class D>
void same(const D& data, const Numbers& expected) {
  BOOST_TEST(all(data) == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(views_of_data)

BOOST_AUTO_TEST_CASE(parts_of_a_data_set) {
  same(slice(Counting{10}, 3, 2), {3, 4});
  same(take(Counting{3}, 2), {0, 1});
  same(take(Counting{3}, 5), {0, 1, 2});
  same(skip(Counting{3}, 2), {2});
  same(skip(Counting{3}, 5), {});
  same(select(Counting{5}, {4, 0, 4}), {4, 0, 4});
  same(concatenate(Counting{2}, Counting{3}), {0, 1, 0, 1, 2});
  same(repeat(Counting{2}, 3), {0, 1, 0, 1, 0, 1});
  same(map(Counting{3}, [](Index i) { return i * i; }), {0, 1, 4});
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_refused) {
  BOOST_CHECK_THROW((void)slice(Counting{3}, 2, 2), ValueError);
  BOOST_CHECK_THROW((void)slice(Counting{3}, -1, 1), ValueError);
  BOOST_CHECK_THROW((void)take(Counting{3}, -1), ValueError);
  BOOST_CHECK_THROW((void)skip(Counting{3}, -1), ValueError);
  BOOST_CHECK_THROW((void)select(Counting{3}, {3}), ValueError);
  BOOST_CHECK_THROW((void)repeat(Counting{3}, -1), ValueError);
  BOOST_CHECK_THROW((void)repeat(Counting{3}, std::numeric_limits<Index>::max()), ValueError);
  BOOST_CHECK_THROW((void)repeat(Counting{0}, 3)[0], ValueError);
  BOOST_CHECK_THROW((void)take(Counting{3}, 2)[2], ValueError);
  BOOST_CHECK_THROW((void)concatenate(Counting{1}, Counting{1})[2], ValueError);
  BOOST_CHECK_THROW((void)shuffle(Counting{3}, 0)[-1], ValueError);
  BOOST_CHECK_THROW((void)batch(TensorDataset(Tensor<float>({2, 1}), Tensor<float>({2, 1})), 0), ValueError);
}

BOOST_AUTO_TEST_CASE(another_order_every_epoch_that_seed_and_epoch_decide) {
  auto shuffled = shuffle(Counting{50}, 7);
  shuffled.start_epoch(1);
  const Numbers first = all(shuffled);
  BOOST_TEST((std::set<Index>(first.begin(), first.end()).size()) == 50U);
  shuffled.start_epoch(2);
  BOOST_TEST((all(shuffled) != first));
  auto again = shuffle(Counting{50}, 7);
  again.start_epoch(1);
  same(again, first);
  auto other = shuffle(Counting{50}, 8);
  other.start_epoch(1);
  BOOST_TEST((all(other) != first));
}

BOOST_AUTO_TEST_CASE(epochs_are_passed_on_through_views) {
  auto viewed =
      concatenate(map(take(shuffle(Counting{30}, 1), 20), [](Index i) { return i; }), shuffle(Counting{9}, 2));
  viewed.start_epoch(3);
  auto first = shuffle(Counting{30}, 1);
  auto second = shuffle(Counting{9}, 2);
  first.start_epoch(3);
  second.start_epoch(3);
  Numbers expected = all(take(first, 20));
  for (const Index i : all(second)) expected.push_back(i);
  same(viewed, expected);
}

BOOST_AUTO_TEST_CASE(variables_are_referred_to_and_temporaries_kept) {
  auto shuffled = shuffle(Counting{30}, 1);
  auto front = take(shuffled, 5);
  shuffled.start_epoch(4);
  const Numbers later = all(shuffled);
  same(front, Numbers(later.begin(), later.begin() + 5));
}

BOOST_AUTO_TEST_CASE(generated_elements_depend_on_seed_epoch_and_number_alone) {
  const auto draw = [](Generator& generator) { return generator.below(1'000'000); };
  auto fresh = generate(20, 7, draw);
  fresh.start_epoch(2);
  const Numbers second = all(fresh);
  BOOST_TEST(fresh[13] == second[13]);
  fresh.start_epoch(3);
  BOOST_TEST((all(fresh) != second));
  fresh.start_epoch(2);
  same(fresh, second);
  auto fixed = generate_once(20, 7, draw);
  const Numbers before = all(fixed);
  fixed.start_epoch(2);
  same(fixed, before);
  BOOST_CHECK_THROW((void)fixed[20], ValueError);

  auto noisy = map_randomly(Counting{20}, 7, [](Index i, Generator& g) { return 1000 * i + g.below(1000); });
  noisy.start_epoch(2);
  const Numbers noise = all(noisy);
  BOOST_TEST(noisy[4] == noise[4]);
  BOOST_TEST(noisy[4] / 1000 == 4);
  noisy.start_epoch(1);
  BOOST_TEST((all(noisy) != noise));
}

// Views of a container, which does not check numbers itself.
BOOST_AUTO_TEST_CASE(elements_that_are_not_there_are_refused) {
  const Numbers data{1, 2, 3};
  const auto doubled = map(data, [](Index i) { return 2 * i; });
  const auto noisy = map_randomly(data, 1, [](Index i, Generator&) { return i; });
  BOOST_TEST(doubled[2] == 6);
  for (const Index outside : {Index{-1}, Index{3}}) {
    BOOST_CHECK_THROW((void)doubled[outside], ValueError);
    BOOST_CHECK_THROW((void)noisy[outside], ValueError);
  }
}

BOOST_AUTO_TEST_CASE(split_by_counts_and_fractions_in_order_or_drawn) {
  Counting data{10};
  const auto ordered = split(data, {0.5, 0.25, 0.25});
  same(ordered[0], counting(5));
  same(ordered[1], counting(3, 5));
  same(ordered[2], counting(2, 8));
  const auto drawn = split_counts(data, {7, 3}, 1);
  Numbers together = all(drawn[0]);
  for (const Index i : all(drawn[1])) together.push_back(i);
  BOOST_TEST((together != counting(10)));
  BOOST_TEST((std::set<Index>(together.begin(), together.end()).size()) == 10U);
  same(split_counts(data, {7, 3}, 1)[1], all(drawn[1]));
  BOOST_CHECK_THROW((void)split(data, {0.5, 0.4}), ValueError);
  BOOST_CHECK_THROW((void)split(data, {0.5, 0.6}), ValueError);
  BOOST_CHECK_THROW((void)split(data, {0.99, 0.01}), ValueError);
  BOOST_CHECK_THROW((void)split(data, {1.5, -0.5}), ValueError);
  BOOST_CHECK_THROW((void)split_counts(data, {7, 2}), ValueError);
  BOOST_CHECK_THROW((void)split_counts(data, {7, 4}), ValueError);
  BOOST_CHECK_THROW((void)split_counts(data, {-1, 11}), ValueError);
}

BOOST_AUTO_TEST_CASE(examples_are_stacked_to_the_batches_that_a_data_set_in_memory_makes) {
  Tensor<float> inputs({5, 2, 3});
  std::iota(inputs.values().begin(), inputs.values().end(), 0.0F);
  const TensorDataset data(std::move(inputs), Tensor<float>({5, 1}, {0, 1, 2, 3, 4}));
  const auto batches = batch(data, 2);
  const Batches expected(data, {.batch = 2, .shuffle = false});
  BOOST_TEST(batches.size() == 3);
  for (Index i = 0; i < 3; ++i) {
    const Batch a = batches[i];
    const Batch b = expected[i];
    BOOST_TEST((a.inputs.shape() == b.inputs.shape()));
    BOOST_TEST(std::ranges::equal(a.inputs.values(), b.inputs.values()));
    BOOST_TEST(std::ranges::equal(a.targets.values(), b.targets.values()));
  }
  BOOST_TEST(full_batches(data, 2).size() == 2);
  const auto sums =
      batch(Counting{5}, 2, [](std::span<const Index> n) { return std::accumulate(n.begin(), n.end(), Index{0}); });
  same(sums, {1, 5, 4});
}

BOOST_AUTO_TEST_SUITE_END()
