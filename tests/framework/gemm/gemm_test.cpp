#include <recur/framework/gemm/gemm.h>

#include <recur/framework/threads/parallel.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace recur;

/// A matrix in a buffer of exactly the size its view needs, so that a sanitizer sees any read past its end; the gap
/// between rows holds a number that would show in every result.
template <class T>
class Matrix {
 public:
  Matrix(Index rows, Index cols, Index gap, unsigned seed) : rows_(rows), cols_(cols), stride_(cols + gap) {
    std::mt19937 engine(seed);
    std::uniform_int_distribution<int> digit(-8, 8);
    const Index size = rows == 0 || cols == 0 ? 0 : (rows - 1) * stride_ + cols;
    values_.assign(static_cast<std::size_t>(size), T{1e6});
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < cols; ++j) view()(i, j) = static_cast<T>(digit(engine));
  }
  [[nodiscard]] MatrixView<T> view() { return {values_.data(), rows_, cols_, stride_}; }
  [[nodiscard]] MatrixView<const T> view() const { return {values_.data(), rows_, cols_, stride_}; }
  /// Whether the numbers between the rows are as they were.
  [[nodiscard]] bool gaps_untouched() const {
    if (values_.empty()) return true;
    for (Index i = 0; i + 1 < rows_; ++i)
      for (Index j = cols_; j < stride_; ++j)
        if (values_[static_cast<std::size_t>(i * stride_ + j)] != T{1e6}) return false;
    return true;
  }

 private:
  Index rows_, cols_, stride_;
  std::vector<T> values_;
};

/// op(A)·op(B), plus C when accumulating, by the definition.
template <class T>
std::vector<double> reference(MatrixView<const T> a, bool ta, MatrixView<const T> b, bool tb, MatrixView<const T> c,
                              bool accumulate) {
  const Index depth = ta ? a.rows : a.cols;
  std::vector<double> result;
  for (Index i = 0; i < c.rows; ++i) {
    for (Index j = 0; j < c.cols; ++j) {
      double sum = accumulate ? double{c(i, j)} : 0.0;
      for (Index k = 0; k < depth; ++k) sum += double{ta ? a(k, i) : a(i, k)} * double{tb ? b(j, k) : b(k, j)};
      result.push_back(sum);
    }
  }
  return result;
}

/// All operands are small integers, so every order of summation gives the same number, exactly.
template <class T>
void check_equal(const Matrix<T>& c, const std::vector<double>& expected, const std::string& what) {
  std::size_t wrong = 0;
  std::size_t at = 0;
  for (Index i = 0; i < c.view().rows; ++i)
    for (Index j = 0; j < c.view().cols; ++j) wrong += double{c.view()(i, j)} != expected[at++] ? 1U : 0U;
  BOOST_CHECK_MESSAGE(wrong == 0, what << ": " << wrong << " of " << expected.size() << " numbers differ");
  BOOST_CHECK_MESSAGE(c.gaps_untouched(), what << ": wrote between the rows");
}

template <class T>
std::string describe(GemmTarget target, Index m, Index n, Index k, bool ta, bool tb, bool accumulate, Index gap) {
  return fmt::format("{} {} m={} n={} k={} ta={} tb={} accumulate={} gap={}", name(target), name(dtype_of<T>), m, n, k,
                     ta, tb, accumulate, gap);
}

template <class T>
void check_product(GemmTarget target, Index m, Index n, Index k, int variant) {
  const bool ta = (variant & 1) != 0;
  const bool tb = (variant & 2) != 0;
  const bool accumulate = (variant & 4) != 0;
  const Index gap = (variant & 8) != 0 ? 3 : 0;
  const auto what = describe<T>(target, m, n, k, ta, tb, accumulate, gap);
  const Matrix<T> a(ta ? k : m, ta ? m : k, gap, 1);
  const Matrix<T> b(tb ? n : k, tb ? k : n, gap, 2);
  const Matrix<T> initial(m, n, gap, 3);
  const auto expected = reference<T>(a.view(), ta, b.view(), tb, initial.view(), accumulate);

  GemmWorkspace workspace(target);
  Matrix<T> c = initial;
  multiply<T>(a.view(), ta, b.view(), tb, c.view(), accumulate, workspace);
  check_equal(c, expected, what);
  if (ta) return;

  PackedMatrix<T> packed(target);
  packed.pack(b.view(), tb);
  BOOST_TEST(packed.rows() == k);
  BOOST_TEST(packed.cols() == n);
  Matrix<T> d = initial;
  multiply<T>(a.view(), packed, d.view(), accumulate);
  check_equal(d, expected, what + " packed");
}

template <class T>
void check_all_shapes() {
  for (const GemmTarget target : gemm_targets())
    for (const Index m : {0, 1, 2, 5, 6, 7, 13, 64})
      for (const Index n : {0, 1, 3, 15, 16, 17, 63, 64, 65, 200})
        for (const Index k : {0, 1, 2, 7, 64, 129})
          for (int variant = 0; variant < 16; ++variant) check_product<T>(target, m, n, k, variant);
}

/// Packed matrices beyond a megabyte pass through the cache in chunks of their rows; from two on they are written past
/// it.
template <class T>
void check_streamed_products() {
  for (const GemmTarget target : gemm_targets())
    for (const Index m : {1, 7, 12, 40})
      for (const int variant : {0, 2, 4, 12})
        for (const Index n : {281, 563}) check_product<T>(target, m, n, 1030, variant);
}

template <class T>
void check_pairs(GemmTarget target, const std::vector<Index>& row_counts, Index k, Index n) {
  std::vector<Matrix<T>> left;
  std::vector<Matrix<T>> right;
  std::vector<RowsPair<T>> pairs;
  Matrix<T> c(k, n, 2, 3);
  std::vector<double> expected;
  for (Index i = 0; i < k; ++i)
    for (Index j = 0; j < n; ++j) expected.push_back(double{c.view()(i, j)});
  unsigned seed = 10;
  for (const Index rows : row_counts) {
    left.emplace_back(rows, k, static_cast<Index>(seed % 4), seed);
    right.emplace_back(rows, n, static_cast<Index>(seed % 3), seed + 1);
    seed += 2;
  }
  for (std::size_t p = 0; p < left.size(); ++p) {
    const MatrixView<const T> a = std::as_const(left[p]).view();
    const MatrixView<const T> b = std::as_const(right[p]).view();
    pairs.push_back({a, b});
    for (Index r = 0; r < a.rows; ++r)
      for (Index i = 0; i < k; ++i)
        for (Index j = 0; j < n; ++j)
          expected[static_cast<std::size_t>(i * n + j)] += double{a(r, i)} * double{b(r, j)};
  }
  GemmWorkspace workspace(target);
  multiply_transposed<T>(pairs, c.view(), workspace);
  check_equal(c, expected, fmt::format("{} {} pairs, k={} n={}", name(target), pairs.size(), k, n));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gemm)

BOOST_AUTO_TEST_CASE(every_kernel_agrees_with_the_definition_float) { check_all_shapes<float>(); }

BOOST_AUTO_TEST_CASE(every_kernel_agrees_with_the_definition_double) { check_all_shapes<double>(); }

BOOST_AUTO_TEST_CASE(matrices_larger_than_the_cache) {
  check_streamed_products<float>();
  check_streamed_products<double>();
}

BOOST_AUTO_TEST_CASE(weight_gradient_sums_over_pairs_of_any_length) {
  // 300 rows cross the chunks in which rows are packed; 260 and 300 columns cross the blocks of the result.
  std::vector<Index> single_rows(301, 1);
  for (const GemmTarget target : gemm_targets()) {
    for (const auto& row_counts :
         {std::vector<Index>{}, {0}, {1}, {3, 0, 1, 7}, {255, 1, 1}, {200, 300, 20}, single_rows}) {
      for (const auto& [k, n] : {std::pair<Index, Index>{1, 1}, {7, 17}, {13, 200}, {64, 3}, {300, 65}, {6, 300}}) {
        check_pairs<float>(target, row_counts, k, n);
        check_pairs<double>(target, row_counts, k, n);
      }
    }
  }
}

// So many rows are added up in blocks of 65,536; a pair may lie in two of them. Sums stay below 2^24.
BOOST_AUTO_TEST_CASE(weight_gradients_over_many_rows_are_added_up_in_blocks) {
  for (const GemmTarget target : gemm_targets()) {
    check_pairs<float>(target, {65'536, 1}, 3, 5);
    check_pairs<float>(target, {40'000, 1, 100'000, 3}, 3, 5);
  }
}

BOOST_AUTO_TEST_CASE(large_products_give_the_same_bits_on_any_number_of_threads) {
  const int before = threads();
  const Index m = 70;
  const Index k = 333;
  const Index n = 290;
  std::mt19937 engine(5);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(std::max({m * k, k * n, m * n})) * 3);
  for (float& value : values) value = normal(engine);
  const MatrixView<const float> a(values.data(), m, k);
  const MatrixView<const float> b(values.data() + m * k, k, n);
  const MatrixView<const float> d(values.data() + 7, m, n);
  const RowsPair<float> pair{a, d};
  std::vector<std::vector<float>> results;
  for (const int team : {1, 2, 3}) {
    set_threads(team);
    std::vector<float> result(static_cast<std::size_t>((m + k) * n));
    GemmWorkspace workspace;
    multiply<float>(a, false, b, false, {result.data(), m, n}, false, workspace);
    multiply_transposed<float>(std::span(&pair, 1), {result.data() + m * n, k, n}, workspace);
    results.push_back(std::move(result));
  }
  set_threads(before);
  BOOST_TEST((results[0] == results[1]));
  BOOST_TEST((results[0] == results[2]));
}

// Weights larger than the cache are walked through in the other direction every second time: all panels once, all the
// same.
BOOST_AUTO_TEST_CASE(both_ways_through_large_weights) {
  const int before = threads();
  const Matrix<float> b(600, 901, 0, 2);
  PackedMatrix<float> packed;
  packed.pack(b.view(), false);
  for (const Index rows : {1, 2, 13}) {
    const Matrix<float> a(rows, 600, 3, 5);
    const Matrix<float> start(rows, 901, 2, 7);
    const auto expected = reference<float>(a.view(), false, b.view(), false, start.view(), true);
    for (const int team : {1, 2, 3}) {
      set_threads(team);
      for (int time = 0; time < 3; ++time) {
        Matrix<float> c = start;
        with_team(1000, [&] { multiply<float>(a.view(), packed, c.view(), true); });
        check_equal(c, expected, std::to_string(rows) + " rows, time " + std::to_string(time));
      }
    }
  }
  set_threads(before);
}

// Rows so long that not all of them fit into the cache are multiplied in parts.
BOOST_AUTO_TEST_CASE(products_of_long_rows) {
  constexpr Index depth = 2100;
  constexpr Index cols = 90;
  const int before = threads();
  const Matrix<float> b(depth, cols, 0, 2);
  const Matrix<float> bias(1, cols, 0, 4);
  PackedMatrix<float> packed;
  packed.pack(b.view(), false);
  for (const Index rows : {130, 300}) {
    const Matrix<float> a(rows, depth, 3, 5);
    const Matrix<float> start(rows, cols, 2, 7);
    const auto added = reference<float>(a.view(), false, b.view(), false, start.view(), true);
    auto with_bias = reference<float>(a.view(), false, b.view(), false, start.view(), false);
    for (std::size_t i = 0; i < with_bias.size(); ++i)
      with_bias[i] += double{bias.view().data[i % static_cast<std::size_t>(cols)]};
    for (const int team : {1, 2, 3}) {
      set_threads(team);
      Matrix<float> c = start;
      multiply<float>(a.view(), packed, c.view(), true);
      check_equal(c, added, std::to_string(rows) + " rows added");
      multiply<float>(a.view(), packed, c.view(), std::span(bias.view().data, static_cast<std::size_t>(cols)));
      check_equal(c, with_bias, std::to_string(rows) + " rows and a bias");
    }
  }
  set_threads(before);
}

// Tall weights are done in parts.
BOOST_AUTO_TEST_CASE(weight_gradient_of_tall_weights) {
  for (const Index cols : {70, 1400}) {
    const Matrix<float> a(90, 1300, 3, 1);
    const Matrix<float> b(90, cols, 1, 2);
    Matrix<float> c(1300, cols, 2, 3);
    const auto expected = reference<float>(a.view(), true, b.view(), false, std::as_const(c).view(), true);
    const RowsPair<float> pair{a.view(), b.view()};
    GemmWorkspace workspace;
    multiply_transposed(std::span<const RowsPair<float>>(&pair, 1), c.view(), workspace);
    check_equal(c, expected, std::to_string(cols) + " columns");
  }
}

// Some rows of each step: together all of them, once.
BOOST_AUTO_TEST_CASE(packing_again_replaces_the_matrix) {
  PackedMatrix<double> packed;
  BOOST_TEST(packed.empty());
  const Matrix<double> large(40, 50, 0, 1);
  packed.pack(large.view(), false);
  const Matrix<double> small(3, 5, 1, 2);
  packed.pack(small.view(), true);
  BOOST_TEST(packed.rows() == 5);
  BOOST_TEST(packed.cols() == 3);
  const Matrix<double> a(4, 5, 0, 3);
  Matrix<double> c(4, 3, 0, 4);
  const auto expected = reference<double>(a.view(), false, small.view(), true, std::as_const(c).view(), false);
  multiply<double>(a.view(), packed, c.view(), false);
  check_equal(c, expected, "after the second pack");
}

BOOST_AUTO_TEST_CASE(column_sums_are_added) {
  const Matrix<float> b(9, 35, 2, 1);
  std::vector<float> sums(35, 2.0F);
  add_column_sums<float>(b.view(), sums);
  for (Index j = 0; j < 35; ++j) {
    float expected = 2;
    for (Index i = 0; i < 9; ++i) expected += b.view()(i, j);
    BOOST_TEST(sums[static_cast<std::size_t>(j)] == expected);
  }
}

BOOST_AUTO_TEST_CASE(sizes_that_do_not_fit_are_refused) {
  GemmWorkspace workspace;
  const Matrix<float> a(2, 3, 0, 1);
  const Matrix<float> b(4, 5, 0, 2);
  Matrix<float> c(2, 5, 0, 3);
  std::vector<float> sums(4);
  PackedMatrix<float> packed;
  packed.pack(b.view(), false);
  BOOST_CHECK_THROW(multiply<float>(a.view(), packed, c.view(), false), ShapeError);
  BOOST_CHECK_THROW(multiply<float>(a.view(), false, b.view(), false, c.view(), false, workspace), ShapeError);
  const RowsPair<float> pair{a.view(), b.view()};
  BOOST_CHECK_THROW(multiply_transposed<float>(std::span(&pair, 1), c.view(), workspace), ShapeError);
  BOOST_CHECK_THROW(add_column_sums<float>(b.view(), sums), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
