#include <recur/framework/tensor/shape.h>

#include <boost/test/unit_test.hpp>

using namespace recur;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Shape)

BOOST_AUTO_TEST_SUITE(shape)

BOOST_AUTO_TEST_CASE(the_last_axis_are_the_columns) {
  const auto check = [](const Shape& s, int rank, Index rows, Index cols) {
    BOOST_TEST(s.rank() == rank);
    BOOST_TEST(s.rows() == rows);
    BOOST_TEST(s.cols() == cols);
    BOOST_TEST(s.count() == rows * cols);
  };
  check(Shape(), 0, 1, 1);
  check({7}, 1, 1, 7);
  check({3, 4}, 2, 3, 4);
  check({2, 3, 4, 5, 6}, 5, 120, 6);
  check({0, 4}, 2, 0, 4);
  check({4, 0}, 2, 4, 0);
}

BOOST_AUTO_TEST_CASE(axes_count_from_either_end) {
  const Shape s = {2, 3, 4};
  BOOST_TEST(s[0] == 2);
  BOOST_TEST(s[2] == 4);
  BOOST_TEST(s[-1] == 4);
  BOOST_TEST(s[-3] == 2);
  BOOST_CHECK_THROW(static_cast<void>(s[3]), ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(s[-4]), ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(Shape()[0]), ShapeError);
  const auto sizes = s.sizes();
  BOOST_TEST(std::vector<Index>(sizes.begin(), sizes.end()) == (std::vector<Index>{2, 3, 4}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(axes_are_changed_left_out_and_put_in) {
  const Shape s = {2, 3, 4};
  BOOST_TEST(s.with(-1, 9) == (Shape{2, 3, 9}));
  BOOST_TEST(s.with(0, 9) == (Shape{9, 3, 4}));
  BOOST_TEST(s.without(0) == (Shape{3, 4}));
  BOOST_TEST(s.without(1) == (Shape{2, 4}));
  BOOST_TEST(s.without(-1) == (Shape{2, 3}));
  BOOST_TEST(Shape{5}.without(0) == Shape());
  BOOST_TEST(s.inserted(0, 9) == (Shape{9, 2, 3, 4}));
  BOOST_TEST(s.inserted(-1, 9) == (Shape{2, 3, 4, 9}));
  BOOST_TEST(s.inserted(-2, 9) == (Shape{2, 3, 9, 4}));
  BOOST_TEST(Shape().inserted(0, 9) == Shape{9});
  BOOST_CHECK_THROW(static_cast<void>(s.without(3)), ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(s.inserted(4, 9)), ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(Shape{1, 2, 3, 4, 5}.inserted(0, 9)), ShapeError);
}

// What would wrap around is refused, in whatever order the sizes come, and an empty axis does not hide the others.
BOOST_AUTO_TEST_CASE(sizes_whose_product_overflows_are_refused) {
  constexpr Index half = Index{1} << 32;
  BOOST_CHECK_THROW((Shape{half, half}), ShapeError);
  BOOST_CHECK_THROW((Shape{3037000500, 3037000500}), ShapeError);
  BOOST_CHECK_THROW((Shape{0, half, half}), ShapeError);
  BOOST_CHECK_THROW((Shape{half, half, 0}), ShapeError);
  BOOST_CHECK_THROW((Shape{2000, 2000, 2000, 2000, 1 << 20}), ShapeError);
  // The bytes of an array must not wrap around either.
  BOOST_CHECK_THROW((Shape{(Index{1} << 62) + 4}), ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(Shape{half}.inserted(0, half)), ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(Shape{half, 1}.with(1, half)), ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(Shape{2, 3}.with(0, -1)), ShapeError);
  BOOST_TEST((Shape{half, 0}.count()) == 0);
  BOOST_TEST((Shape{Index{1} << 58}.count()) == Index{1} << 58);
  BOOST_TEST((Shape{2047, 2047, 2047, 2047, 2047}.count()) == Index{2047} * 2047 * 2047 * 2047 * 2047);
}

BOOST_AUTO_TEST_CASE(axes_of_size_one_count) {
  BOOST_TEST(Shape{3} != (Shape{1, 3}));
  BOOST_TEST(Shape() != Shape{1});
  BOOST_TEST(Shape{3} == Shape{3});
}

BOOST_AUTO_TEST_CASE(refuses_sizes) {
  BOOST_CHECK_THROW((Shape{2, -1}), ShapeError);
  BOOST_CHECK_THROW((Shape{1, 2, 3, 4, 5, 6}), ShapeError);
  BOOST_TEST(to_string(Shape{32, 50, 128}) == "[32, 50, 128]");
  BOOST_TEST(to_string(Shape()) == "[]");
}

BOOST_AUTO_TEST_SUITE_END()
