#include "support.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/gather.h>
#include <recur/framework/ops/split.h>

using namespace recur;

BOOST_AUTO_TEST_SUITE(gather_suite)

BOOST_AUTO_TEST_CASE(rows_by_number) {
  Tape tape(DType::float64);
  Parameter table("table");
  table.create({5, 3}, DType::float64);
  table.edit().assign(test::counting({5, 3}).values());
  std::vector<std::int32_t> ids = {4, 0, 4, 2, 1, 4};
  const Var y = gather(tape, table, ids, {3, 2});
  std::fill(ids.begin(), ids.end(), -1);  // the tape keeps its own
  BOOST_CHECK(y.shape() == (Shape{3, 2, 3}));
  test::check_close(y.to_doubles(), {12, 13, 14, 0, 1, 2, 12, 13, 14, 6, 7, 8, 3, 4, 5, 12, 13, 14}, 0);
  tape.backward(y, test::ones(y));
  test::check_close(table.gradient.to_doubles(), {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 3, 3, 3}, 0);
}

BOOST_AUTO_TEST_CASE(gradients) {
  Parameter table("table");
  test::fill(table, {6, 17}, 1);
  const std::vector<std::int32_t> ids = {4, 0, 4, 2, 1, 4};
  test::check_jacobian(
      [&](Tape& tape, auto x) -> Var {
        return tanh(gather(tape, table, ids, {2, 3})) * x[0];
      },
      {Shape{2, 3, 17}}, {&table});
  test::check_jacobian([&](Tape&, auto x) -> Var { return gather(slice(x[0], -1, 1, 3), ids, {6}); }, {Shape{5, 6}});
}

// Rows that occur often are added up elsewhere; the others, and rows of other values, are not touched by it.
BOOST_AUTO_TEST_CASE(frequent_ids_receive_the_gradients_of_all_their_places) {
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 2000; ++i) ids.push_back(i % 7 < 5 ? i % 3 : 3 + i % 5);
  const auto gradient = [&](DType dtype) {
    Tape tape(dtype);
    const Var table = tape.input(test::normal({9, 3}, 1));
    const Var wide = table * 2;
    const Var y = gather(slice(wide, -1, 1, 2), ids, {400, 5});
    Array seed(y.shape(), dtype);
    seed.assign(test::normal(y.shape(), 2).values());
    tape.backward(y, seed);
    return table.gradient().to_doubles();
  };
  // 700 numbers of a magnitude of 1 add up to about 26, each with the error of a float.
  test::check_close(gradient(DType::float32), gradient(DType::float64), 1e-5);
}

BOOST_AUTO_TEST_CASE(frozen_tables_get_no_gradient) {
  Parameter table("table");
  test::fill(table, {6, 2}, 1);
  table.trainable = false;
  Tape tape(DType::float64);
  const std::vector<std::int32_t> ids = {4, 0};
  BOOST_TEST(!gather(tape, table, ids, {2}).wants_gradient());
}

BOOST_AUTO_TEST_CASE(wrong_ids_are_refused) {
  Tape tape(DType::float64);
  const Var table = tape.constant(test::normal({5, 3}));
  const auto look_up = [&](std::vector<std::int32_t> ids, const Shape& shape) { return gather(table, ids, shape); };
  BOOST_CHECK_THROW(look_up({0, 1}, {3}), ShapeError);
  BOOST_CHECK_THROW(look_up({0, -1}, {2}), ValueError);
  BOOST_CHECK_THROW((void)gather(tape.constant(test::normal({5})), {}, {0}), ShapeError);
  BOOST_CHECK(look_up({}, {0, 4}).shape() == (Shape{0, 4, 3}));
  try {
    look_up({0, 1, 5}, {3});
    BOOST_ERROR("not refused");
  } catch (const ValueError& error) {
    const std::string message = error.what();
    BOOST_TEST(message.find("id 5 at position 2") != std::string::npos, message);
  }
}

BOOST_AUTO_TEST_SUITE_END()
