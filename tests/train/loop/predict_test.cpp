#include <recur/train/data/dataset.h>
#include <recur/train/loop/trainer.h>
#include <recur/train/views/batch.h>
#include <recur/train/views/map.h>

#include <boost/test/unit_test.hpp>

#include "toy_training.h"

using namespace recur;

BOOST_AUTO_TEST_SUITE(predictions)

BOOST_AUTO_TEST_CASE(come_in_the_order_of_the_data_though_training_shuffles) {
  Line line;
  const TensorDataset data(Tensor<float>({6, 1}, {0, 1, 2, 3, 4, 5}), Tensor<float>(Shape{6, 1}));
  Batches batches(data, {.batch = 4, .seed = 3});
  batches.start_epoch(2);
  const auto input = [](Tape& t, const Batch& batch) { return t.constant(batch.inputs); };
  const auto all = [&](auto&& source) {
    Tape tape;
    std::vector<double> values;
    for (const Array& output : Trainer::predict(tape, source, input))
      for (const double value : output.to_doubles()) values.push_back(value);
    return values;
  };
  const std::vector<double> wanted = {0, 1, 2, 3, 4, 5};
  BOOST_TEST(all(batches) == wanted, boost::test_tools::per_element());
  BOOST_TEST(all(views::batch(views::map(data, [](Example e) { return e; }), 4)) == wanted,
             boost::test_tools::per_element());
  BOOST_TEST(batches[0].inputs(0, 0) != 0);  // training goes on in its own order
}

BOOST_AUTO_TEST_SUITE_END()
