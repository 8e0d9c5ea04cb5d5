#include "support.h"

#include <recur/framework/tensor/array.h>

#include <numeric>

using namespace recur;

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(tensor_is_row_major_and_starts_at_zero) {
  Tensor<float> t({2, 3});
  for (const float value : t.values()) BOOST_TEST(value == 0.0F);
  std::iota(t.values().begin(), t.values().end(), 0.0F);
  BOOST_TEST(t(1, 0) == 3.0F);
  BOOST_TEST(t.matrix()(1, 2) == 5.0F);
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(t.data()) % buffer_alignment == 0U);
  const Tensor<float> copy = t.clone();
  t(0, 0) = 9;
  BOOST_TEST(copy(0, 0) == 0.0F);
  Tensor<float> moved = std::move(t);
  BOOST_TEST(moved(0, 0) == 9.0F);
  BOOST_TEST(t.empty());  // NOLINT(bugprone-use-after-move): it is specified
  moved.reshape({3, 2});
  BOOST_TEST(moved(1, 1) == 3.0F);
  BOOST_CHECK_THROW(moved.reshape({4, 2}), ShapeError);
  BOOST_CHECK_THROW((Tensor<float>({2, 2}, {1, 2, 3})), ShapeError);
}

BOOST_AUTO_TEST_CASE(tensor_slice_is_a_step) {
  const Tensor<double> t = test::counting({3, 2, 4});
  const auto step = t.slice(1);
  BOOST_TEST(step.rows == 2);
  BOOST_TEST(step.cols == 4);
  BOOST_TEST(step(1, 3) == 15.0);
  BOOST_CHECK_THROW((void)t.slice(3), ShapeError);
  BOOST_CHECK_THROW((void)t.slice(-1), ShapeError);
}

BOOST_AUTO_TEST_CASE(views_are_strided) {
  Tensor<double> t = test::counting({3, 4});
  const MatrixView<double> part = t.matrix().middle_rows(1, 2).middle_cols(1, 2);
  BOOST_TEST(part(0, 0) == 5.0);
  BOOST_TEST(part(1, 1) == 10.0);
  BOOST_TEST(!part.contiguous());
  BOOST_TEST(t.matrix().contiguous());
  BOOST_TEST(part.middle_rows(0, 1).contiguous());
}

BOOST_AUTO_TEST_CASE(array_converts) {
  Array a({2, 2}, DType::float32);
  a.assign(std::vector<double>{1, 2, 3, 4.5});
  BOOST_TEST(a.as<float>()(1, 1) == 4.5F);
  BOOST_CHECK_THROW((void)a.as<double>(), StateError);
  BOOST_CHECK_THROW(a.assign(std::vector<double>{1}), ShapeError);
  Array b({4}, DType::float64);
  b.assign(a);
  BOOST_TEST(b.to_doubles() == (std::vector<double>{1, 2, 3, 4.5}), boost::test_tools::per_element());
  const Array c = b.clone();
  b.fill(7);
  BOOST_TEST(c.to_doubles()[0] == 1.0);
  BOOST_TEST(b.to_doubles()[3] == 7.0);
}

BOOST_AUTO_TEST_SUITE_END()
