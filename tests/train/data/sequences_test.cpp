#include <recur/train/data/sequences.h>
#include <recur/train/data/windows.h>
#include <recur/train/views/batch.h>
#include <recur/train/views/bucket_by_length.h>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <numeric>
#include <set>

namespace {

using namespace recur;

Tensor<float> counting(Shape shape) {
  Tensor<float> tensor(shape);
  std::iota(tensor.values().begin(), tensor.values().end(), 0.0F);
  return tensor;
}
std::vector<float> values(const Tensor<float>& tensor) { return {tensor.values().begin(), tensor.values().end()}; }
using Floats = std::vector<float>;

SequenceDataset of_lengths(const std::vector<Index>& lengths) {
  const Index steps = std::accumulate(lengths.begin(), lengths.end(), Index{0});
  return {counting({steps, 1}), counting({steps, 1}), lengths};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sequences)

BOOST_AUTO_TEST_CASE(sequences_lie_one_after_the_other) {
  const SequenceDataset data(counting({5, 2}), counting({5, 1}), std::vector<Index>{2, 0, 3});
  BOOST_TEST(data.size() == 3);
  BOOST_TEST(data.length(2) == 3);
  BOOST_TEST(values(data[2].inputs) == (Floats{4, 5, 6, 7, 8, 9}), boost::test_tools::per_element());
  BOOST_TEST(values(data[2].targets) == (Floats{2, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST((data[1].inputs.shape() == Shape{0, 2}));
  BOOST_CHECK_THROW((void)data[3], ValueError);
}

BOOST_AUTO_TEST_CASE(the_next_step_is_never_that_of_another_sequence) {
  const auto data = SequenceDataset::next_step(counting({5, 1}), std::vector<Index>{2, 3});
  BOOST_TEST(data.size() == 2);
  BOOST_TEST(values(data[0].inputs) == (Floats{0}), boost::test_tools::per_element());
  BOOST_TEST(values(data[0].targets) == (Floats{1}), boost::test_tools::per_element());
  BOOST_TEST(values(data[1].inputs) == (Floats{2, 3}), boost::test_tools::per_element());
  BOOST_TEST(values(data[1].targets) == (Floats{3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lengths_that_lie_are_refused) {
  const auto make = [](const std::vector<Index>& lengths) {
    (void)SequenceDataset(counting({5, 1}), counting({5, 1}), lengths);
  };
  const Index huge = std::numeric_limits<Index>::max();
  BOOST_CHECK_THROW(make({2, 2}), ShapeError);
  BOOST_CHECK_THROW(make({2, 4}), ShapeError);
  BOOST_CHECK_THROW(make({huge, huge}), ShapeError);
  BOOST_CHECK_THROW(make({6, -1}), Error);
  BOOST_CHECK_THROW(make({-1, 6}), ValueError);
  BOOST_CHECK_THROW((void)SequenceDataset::next_step(counting({5, 1}), std::vector<Index>{1, 4}), ValueError);
  BOOST_CHECK_THROW((void)SequenceDataset::next_step(counting({5, 1}), std::vector<Index>{2, 4}), ShapeError);
  BOOST_CHECK_THROW((void)SequenceDataset::next_step(counting({5, 1}), std::vector<Index>{2}), ShapeError);
  BOOST_CHECK_THROW(SequenceDataset(counting({5, 1}), counting({4, 1}), std::vector<Index>{5}), ShapeError);
}

BOOST_AUTO_TEST_CASE(padding_is_zero_and_lengths_say_where_it_begins) {
  const auto data = of_lengths({1, 3});
  const PaddedBatch padded = views::batch(data, 2, pad)[0];
  BOOST_TEST((padded.inputs.shape() == Shape{2, 3, 1}));
  BOOST_TEST(values(padded.inputs) == (Floats{0, 0, 0, 1, 2, 3}), boost::test_tools::per_element());
  BOOST_TEST(values(padded.mask()) == (Floats{1, 0, 0, 1, 1, 1}), boost::test_tools::per_element());
  BOOST_TEST(padded.lengths == (std::vector<Index>{1, 3}), boost::test_tools::per_element());
  BOOST_TEST(padded.steps() == 4);
  std::vector<Example> unequal;
  unequal.push_back({Tensor<float>({2, 1}), Tensor<float>({2, 1})});
  unequal.push_back({Tensor<float>({2, 2}), Tensor<float>({2, 1})});
  BOOST_CHECK_THROW((void)pad(unequal), ShapeError);
  BOOST_CHECK_THROW((void)stack(unequal), ShapeError);
  unequal[1] = {Tensor<float>({2, 1, 1}), Tensor<float>({2, 1})};
  BOOST_CHECK_THROW((void)pad(unequal), ShapeError);
  unequal[1] = {Tensor<float>({2, 1}), Tensor<float>({3, 1})};
  BOOST_CHECK_THROW((void)pad(unequal), ShapeError);
  BOOST_CHECK_THROW((void)pad({}), ValueError);
  BOOST_CHECK_THROW((void)stack({}), ValueError);
}

BOOST_AUTO_TEST_CASE(a_sequence_may_have_one_target) {
  const auto data =
      SequenceDataset::labelled(counting({5, 2}), Tensor<float>({3}, {7, 0, 2}), std::vector<Index>{2, 0, 3});
  BOOST_TEST(data.size() == 3);
  BOOST_TEST(values(data[2].inputs) == (Floats{4, 5, 6, 7, 8, 9}), boost::test_tools::per_element());
  BOOST_TEST((data[2].targets.shape() == Shape{}));
  const PaddedBatch batch = views::batch(data, 3, pad)[0];
  BOOST_TEST(batch.labels);
  BOOST_TEST((batch.targets.shape() == Shape{3}));
  BOOST_TEST((batch.inputs.shape() == Shape{3, 3, 2}));
  BOOST_TEST(batch.classes() == (std::vector<std::int32_t>{7, 0, 2}), boost::test_tools::per_element());
  // Several numbers a sequence, and buckets.
  const auto pairs = SequenceDataset::labelled(counting({5, 2}), counting({2, 2}), std::vector<Index>{2, 3});
  const PaddedBatch bucket = views::bucket_by_length(pairs, {.batch = 2})[0];
  BOOST_TEST((bucket.targets.shape() == Shape{2, 2}));
  for (std::size_t i = 0; i < 2; ++i)
    BOOST_TEST(bucket.targets(static_cast<Index>(i), 0) == (bucket.lengths[i] == 2 ? 0.0F : 2.0F));
  BOOST_CHECK_THROW((void)SequenceDataset::labelled(counting({5, 2}), counting({3}), std::vector<Index>{2, 3}),
                    ShapeError);
  BOOST_CHECK_THROW((void)SequenceDataset::labelled(counting({5, 2}), counting({2}), std::vector<Index>{2, 2}),
                    ShapeError);
  std::vector<Example> mixed;
  mixed.push_back(data[0]);
  mixed.push_back({counting({2, 2}), counting({2})});
  BOOST_CHECK_THROW((void)pad(mixed), ValueError);
}

BOOST_AUTO_TEST_CASE(targets_that_are_no_classes_are_refused) {
  BOOST_TEST((Batch{counting({2, 1}), Tensor<float>({2}, {3, 1})}.classes()) == (std::vector<std::int32_t>{3, 1}),
             boost::test_tools::per_element());
  for (const float wrong : {0.5F, -1.0F, std::numeric_limits<float>::quiet_NaN(), 1e9F})
    BOOST_CHECK_THROW((void)(Batch{counting({1, 1}), Tensor<float>({1}, {wrong})}.classes()), ValueError);
}

BOOST_AUTO_TEST_CASE(a_mask_of_lengths_beyond_the_batch_is_refused) {
  PaddedBatch batch = views::batch(of_lengths({1, 3}), 2, pad)[0];
  batch.lengths = {1, 4};
  BOOST_CHECK_THROW((void)batch.mask(), ValueError);
  batch.lengths = {-1, 3};
  BOOST_CHECK_THROW((void)batch.mask(), ValueError);
  batch.lengths = {1, 3, 3};
  BOOST_CHECK_THROW((void)batch.mask(), ShapeError);
}

BOOST_AUTO_TEST_CASE(buckets_have_every_sequence_once_and_pad_less) {
  std::vector<Index> lengths;
  for (Index i = 0; i < 103; ++i) lengths.push_back(1 + i * 37 % 101);
  const auto data = of_lengths(lengths);
  const Index steps = std::accumulate(lengths.begin(), lengths.end(), Index{0});
  const auto padded_steps = [&](Index pool) {
    auto batches = views::bucket_by_length(data, {.batch = 8, .pool = pool, .seed = 3});
    batches.start_epoch(2);
    std::set<float> firsts;  // values are unique, so that the first one names a sequence
    Index padded = 0;
    Index found = 0;
    for (Index b = 0; b < batches.size(); ++b) {
      const PaddedBatch one = batches[b];
      padded += one.inputs.size();
      found += one.steps();
      for (Index i = 0; i < one.inputs.shape()[0]; ++i) firsts.insert(one.inputs(i, 0, 0));
    }
    BOOST_TEST(firsts.size() == 103U);
    BOOST_TEST(found == steps);
    return padded;
  };
  BOOST_TEST(padded_steps(1) > 1.4 * static_cast<double>(steps));
  BOOST_TEST(padded_steps(16) < 1.1 * static_cast<double>(steps));
}

BOOST_AUTO_TEST_CASE(buckets_follow_from_seed_and_epoch) {
  const std::vector<Index> lengths(40, 3);
  const views::BucketOptions options{.batch = 4, .pool = 3, .seed = 5};
  BOOST_TEST((views::bucket(lengths, options, 2) == views::bucket(lengths, options, 2)));
  BOOST_TEST((views::bucket(lengths, options, 2) != views::bucket(lengths, options, 3)));
  BOOST_TEST(views::bucket({}, options, 0).empty());
  const Index huge = std::numeric_limits<Index>::max();
  BOOST_TEST(views::bucket(lengths, {.batch = huge, .pool = huge}, 0).size() == 1U);
  BOOST_CHECK_THROW((void)views::bucket(lengths, {.batch = 0}, 0), ValueError);
  BOOST_CHECK_THROW((void)views::bucket(lengths, {.pool = 0}, 0), ValueError);
}

BOOST_AUTO_TEST_CASE(windows_of_a_series) {
  const Windows ends(counting({7, 1}), {.length = 3, .horizon = 2, .stride = 2});
  BOOST_TEST(ends.size() == 2);
  BOOST_TEST(values(ends[1].inputs) == (Floats{2, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST(values(ends[1].targets) == (Floats{5, 6}), boost::test_tools::per_element());
  const Windows steps(counting({7, 2}), {.length = 3, .horizon = 4, .every_step = true});
  BOOST_TEST(steps.size() == 1);
  BOOST_TEST(values(steps[0].targets) == (Floats{8, 9, 10, 11, 12, 13}), boost::test_tools::per_element());
  BOOST_CHECK_THROW((void)ends[2], ValueError);
  BOOST_CHECK_THROW(Windows(counting({7, 1}), {.length = 7}), ValueError);
  BOOST_CHECK_THROW(Windows(counting({7, 1}), {.length = std::numeric_limits<Index>::max()}), ValueError);
  BOOST_CHECK_THROW(Windows(counting({7, 1}), {.length = 2, .stride = 0}), ValueError);
  BOOST_CHECK_THROW(Windows(counting({7}), {.length = 2}), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
