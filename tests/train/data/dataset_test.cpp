#include <recur/train/data/dataset.h>

#include <boost/test/unit_test.hpp>

#include <set>

namespace {

using namespace recur;

TensorDataset numbered(Index n) {
  Tensor<float> inputs({n, 2});
  Tensor<float> targets({n, 1});
  for (Index i = 0; i < n; ++i) {
    inputs(i, 0) = static_cast<float>(i);
    inputs(i, 1) = static_cast<float>(-i);
    targets(i, 0) = static_cast<float>(10 * i);
  }
  return {std::move(inputs), std::move(targets)};
}

std::vector<float> order_of(const Batches& batches) {
  std::vector<float> order;
  for (Index i = 0; i < batches.size(); ++i) {
    const Batch batch = batches[i];
    for (Index e = 0; e < batch.inputs.shape()[0]; ++e) {
      BOOST_TEST(batch.targets(e, 0) == 10 * batch.inputs(e, 0));
      BOOST_TEST(batch.inputs(e, 1) == -batch.inputs(e, 0));
      order.push_back(batch.inputs(e, 0));
    }
  }
  return order;
}

BOOST_AUTO_TEST_SUITE(dataset)

BOOST_AUTO_TEST_CASE(every_example_comes_once_an_epoch) {
  const TensorDataset data = numbered(10);
  Batches batches(data, {.batch = 4, .seed = 7});
  BOOST_TEST(batches.size() == 3);
  const auto order = order_of(batches);
  BOOST_TEST(order.size() == 10U);
  BOOST_TEST((std::set<float>(order.begin(), order.end()).size()) == 10U);
  BOOST_TEST(batches[2].inputs.shape()[0] == 2);
}

BOOST_AUTO_TEST_CASE(the_seed_and_the_epoch_decide_the_order) {
  const TensorDataset data = numbered(50);
  Batches a(data, {.batch = 8, .seed = 7});
  Batches b(data, {.batch = 8, .seed = 7});
  Batches other(data, {.batch = 8, .seed = 8});
  a.start_epoch(1);
  a.start_epoch(3);
  b.start_epoch(3);
  const auto third = order_of(a);
  BOOST_TEST(third == order_of(b), boost::test_tools::per_element());
  b.start_epoch(4);
  other.start_epoch(3);
  BOOST_TEST((third != order_of(b)));
  BOOST_TEST((third != order_of(other)));
}

BOOST_AUTO_TEST_CASE(without_shuffling_the_order_stays) {
  const TensorDataset data = numbered(5);
  const Batches batches(data, {.batch = 2, .shuffle = false, .drop_last = true});
  BOOST_TEST(batches.size() == 2);
  const std::vector<float> expected = {0, 1, 2, 3};
  BOOST_TEST(order_of(batches) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  BOOST_CHECK_THROW(TensorDataset(Tensor<float>({2, 1}), Tensor<float>({3, 1})), ShapeError);
  const TensorDataset data = numbered(3);
  BOOST_CHECK_THROW(Batches(data, {.batch = 0}), ValueError);
  BOOST_CHECK_THROW(Batches(data, {.batch = 4, .drop_last = true}), ValueError);
  const Batches batches(data, {.batch = 2});
  BOOST_CHECK_THROW((void)batches[2], ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
