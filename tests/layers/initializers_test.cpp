#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/initializers.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

using namespace recur;

namespace {

std::vector<double> draw(const Initializer& initializer, const Shape& shape, DType dtype = DType::float64) {
  Array value(shape, dtype);
  value.fill(99);
  Generator generator(11);
  initializer(value, generator);
  return value.to_doubles();
}

struct Spread {
  double mean = 0, variance = 0, largest = 0;
};

Spread spread(const std::vector<double>& x) {
  Spread result;
  const auto n = static_cast<double>(x.size());
  for (const double v : x) result.mean += v / n;
  for (const double v : x) result.variance += (v - result.mean) * (v - result.mean) / n;
  for (const double v : x) result.largest = std::max(result.largest, std::abs(v));
  return result;
}

double dot_columns(const std::vector<double>& x, Index rows, Index cols, Index a, Index b) {
  double sum = 0;
  for (Index r = 0; r < rows; ++r)
    sum += x[static_cast<std::size_t>(r * cols + a)] * x[static_cast<std::size_t>(r * cols + b)];
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(initializers)

BOOST_AUTO_TEST_CASE(fans_are_those_of_keras) {
  BOOST_TEST(fans({3, 8}).in == 3);
  BOOST_TEST(fans({3, 8}).out == 8);
  BOOST_TEST(fans({5}).in == 5);
  BOOST_TEST(fans({5}).out == 5);
  BOOST_TEST(fans(Shape{}).in == 1);
  BOOST_TEST(fans({7, 3, 8}).in == 21);
  BOOST_TEST(fans({7, 3, 8}).out == 56);
}

// Uniform: the largest of 120,000 values lies within 0.1 % of the limit. Variances: five standard errors is 1.4 % of
// the variance for uniform values, 2 % for normal ones.
BOOST_AUTO_TEST_CASE(scaled_initializers_have_the_variance_of_their_paper) {
  const Shape shape{200, 600};
  struct Row {
    Initializer initializer;
    double variance;
    bool uniform;
  };
  const Row rows[] = {{glorot_uniform(), 2.0 / 800, true},
                      {glorot_normal(), 2.0 / 800, false},
                      {he_uniform(), 2.0 / 200, true},
                      {he_normal(), 2.0 / 200, false},
                      {lecun_uniform(), 1.0 / 200, true},
                      {lecun_normal(), 1.0 / 200, false},
                      {variance_scaling(3, "fan_out", "uniform"), 3.0 / 600, true},
                      {variance_scaling(0.5, "fan_avg"), 0.5 / 400, false}};
  for (const Row& row : rows) {
    const Spread s = spread(draw(row.initializer, shape));
    BOOST_TEST_CONTEXT(row.initializer.name()) {
      BOOST_TEST(std::abs(s.mean) < 5 * std::sqrt(row.variance / 120'000));
      BOOST_TEST(s.variance == row.variance, boost::test_tools::tolerance(0.02));
      const double limit =
          row.uniform ? std::sqrt(3 * row.variance) : 2 * std::sqrt(row.variance) / 0.87962566103423978;
      BOOST_TEST(s.largest <= limit);
      BOOST_TEST(s.largest > 0.999 * limit);
    }
  }
}

BOOST_AUTO_TEST_CASE(variance_scaling_without_a_cut) {
  const Spread s = spread(draw(variance_scaling(2, "fan_in", "untruncated_normal"), {200, 600}));
  BOOST_TEST(s.variance == 2.0 / 200, boost::test_tools::tolerance(0.02));
  BOOST_TEST(s.largest > 4 * std::sqrt(2.0 / 200));  // of 120,000 normal values
}

BOOST_AUTO_TEST_CASE(orthogonal_has_orthonormal_columns_or_rows_times_the_gain) {
  const std::vector<double> tall = draw(orthogonal(), {12, 5});
  for (Index a = 0; a < 5; ++a)
    for (Index b = 0; b < 5; ++b)  // rounding of sums of 12 products
      BOOST_TEST(std::abs(dot_columns(tall, 12, 5, a, b) - (a == b ? 1 : 0)) < 1e-13);
  const std::vector<double> wide = draw(orthogonal(2.0), {4, 16});
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t b = 0; b < 4; ++b) {
      double sum = 0;
      for (std::size_t c = 0; c < 16; ++c) sum += wide[a * 16 + c] * wide[b * 16 + c];
      BOOST_TEST(std::abs(sum - (a == b ? 4 : 0)) < 1e-13);
    }
  BOOST_TEST(draw(orthogonal(), {3, 4, 5}) == draw(orthogonal(), {12, 5}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(draw(orthogonal(), {5}), ShapeError);
}

BOOST_AUTO_TEST_CASE(orthogonal_takes_its_signs_from_the_random_matrix) {
  // With R's diagonal made positive, Q of a matrix with one column is that column divided by its length.
  std::vector<double> column(6);
  Generator(11).fill_normal(column);
  double length = 0;
  for (const double v : column) length += v * v;
  const std::vector<double> q = draw(orthogonal(), {6, 1});
  for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(std::abs(q[i] - column[i] / std::sqrt(length)) < 1e-14);
}

BOOST_AUTO_TEST_CASE(constants) {
  BOOST_TEST(draw(zeros(), {3}) == (std::vector<double>{0, 0, 0}), boost::test_tools::per_element());
  BOOST_TEST(draw(ones(), {3}) == (std::vector<double>{1, 1, 1}), boost::test_tools::per_element());
  BOOST_TEST(draw(constant(3.5), {2}) == (std::vector<double>{3.5, 3.5}), boost::test_tools::per_element());
  BOOST_TEST(draw(identity(2), {2, 3}) == (std::vector<double>{2, 0, 0, 0, 2, 0}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(draw(identity(), {4}), ShapeError);
  BOOST_CHECK_THROW(draw(identity(), {2, 2, 2}), ShapeError);
  BOOST_TEST(draw(glorot_normal(), {0, 4}).empty());
  BOOST_TEST(draw(orthogonal(), {0, 4}).empty());
}

BOOST_AUTO_TEST_CASE(plain_random_initializers) {
  const Spread uniform = spread(draw(random_uniform(1, 3), {50'000}));
  BOOST_TEST(std::abs(uniform.mean - 2) < 5 * std::sqrt(4.0 / 12 / 50'000));
  BOOST_TEST(uniform.variance == 4.0 / 12, boost::test_tools::tolerance(0.02));
  const Spread normal = spread(draw(random_normal(-1, 0.5), {50'000}));
  BOOST_TEST(std::abs(normal.mean + 1) < 5 * 0.5 / std::sqrt(50'000.0));
  BOOST_TEST(normal.variance == 0.25, boost::test_tools::tolerance(0.032));
  BOOST_TEST(normal.largest > 2);
  const Spread truncated = spread(draw(truncated_normal(0, 0.5), {50'000}));
  BOOST_TEST(std::sqrt(truncated.variance) == 0.5 * 0.87962566103423978, boost::test_tools::tolerance(0.016));
  BOOST_TEST(truncated.largest <= 1);
}

// e^bias is uniform in [1, longest - 1): mean 50, variance 98² / 12; of 10,000 the mean is known to 0.28.
BOOST_AUTO_TEST_CASE(chrono_spreads_the_times_that_gates_forget_in) {
  constexpr std::size_t units = 10'000;
  const std::vector<double> bias = draw(chrono(100), {4 * units});
  std::vector<double> times;
  for (std::size_t u = 0; u < units; ++u) {
    times.push_back(std::exp(bias[units + u]));
    BOOST_TEST((times.back() >= 1 && times.back() < 99 && bias[u] == -bias[units + u]));
    BOOST_TEST((bias[2 * units + u] == 0 && bias[3 * units + u] == 0));
  }
  const Spread s = spread(times);
  BOOST_TEST(std::abs(s.mean - 50) < 5 * 0.28);
  BOOST_TEST(s.variance == 98.0 * 98 / 12, boost::test_tools::tolerance(0.05));
  const std::vector<double> rows = draw(chrono(100), {2, 8});  // PyTorch's two biases, which are added up
  BOOST_TEST((rows[2] == -rows[0] && rows[2] != 0));
  for (std::size_t i = 8; i < 16; ++i) BOOST_TEST(rows[i] == 0);
  BOOST_CHECK_THROW((void)draw(chrono(100), {6}), ShapeError);
  BOOST_CHECK_THROW((void)chrono(1.5), ValueError);
  BOOST_CHECK_THROW(LSTMCell(2, {{.bias_initializer = chrono()}}), ValueError);
}

BOOST_AUTO_TEST_CASE(a_seed_means_the_same_weights_in_float_and_double) {
  for (const Initializer& initializer : {glorot_uniform(), he_normal(), orthogonal(), random_normal()}) {
    const std::vector<double> doubles = draw(initializer, {9, 7});
    const std::vector<double> floats = draw(initializer, {9, 7}, DType::float32);
    for (std::size_t i = 0; i < doubles.size(); ++i)
      BOOST_TEST(floats[i] == static_cast<double>(static_cast<float>(doubles[i])));
  }
}

BOOST_AUTO_TEST_CASE(names_are_accepted_in_both_spellings) {
  for (const char* name : {"glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform",
                           "lecun_normal", "orthogonal", "variance_scaling", "identity", "zeros", "ones", "constant",
                           "random_uniform", "random_normal", "truncated_normal", "chrono"}) {
    const Initializer initializer = Initializer::from_name(name);
    BOOST_TEST(initializer.name() == name);
    BOOST_TEST((Initializer::from_name(initializer.class_name()) == initializer));
    BOOST_TEST((Initializer::from_config(initializer.class_name(), initializer.config()) == initializer));
  }
  BOOST_TEST(glorot_uniform().class_name() == "GlorotUniform");
  BOOST_TEST(lecun_normal().class_name() == "LecunNormal");
  BOOST_TEST((Initializer::from_name("truncated_normal") == truncated_normal(0, 0.05)));
  BOOST_TEST((Initializer::from_name("Orthogonal") == orthogonal(1)));
  BOOST_TEST((constant(1) != constant(2)));
}

BOOST_AUTO_TEST_CASE(other_names_of_keras) {
  BOOST_TEST((Initializer::from_name("OrthogonalInitializer") == orthogonal()));
  BOOST_TEST((Initializer::from_name("IdentityInitializer") == identity()));
  BOOST_TEST((Initializer::from_name("uniform") == random_uniform()));
  BOOST_TEST((Initializer::from_name("normal") == random_normal()));
  BOOST_CHECK_THROW((void)Initializer::from_name("initializer"), ValueError);
}

BOOST_AUTO_TEST_CASE(the_config_holds_the_arguments_under_their_keras_names) {
  const Initializer::Config expected{{"minval", -2.0}, {"maxval", 3.0}};
  BOOST_TEST((random_uniform(-2, 3).config() == expected));
  BOOST_TEST(glorot_uniform().config().empty());
  BOOST_TEST((Initializer::from_config("RandomUniform", {{"maxval", 1.0}}) == random_uniform(-0.05, 1)));
  BOOST_CHECK_THROW((void)Initializer::from_config("zeros", {{"value", 1.0}}), ValueError);
  BOOST_CHECK_THROW((void)Initializer::from_config("constant", {{"value", std::string("one")}}), ValueError);
  const Initializer::Config scaling{
      {"scale", 2.0}, {"mode", std::string("fan_avg")}, {"distribution", std::string("uniform")}};
  BOOST_TEST((variance_scaling(2, "fan_avg", "uniform").config() == scaling));
  BOOST_CHECK_THROW((void)variance_scaling(0), ValueError);
  BOOST_CHECK_THROW((void)variance_scaling(1, "fan"), ValueError);
  BOOST_CHECK_THROW((void)variance_scaling(1, "fan_in", "cauchy"), ValueError);
}

BOOST_AUTO_TEST_CASE(a_seed_of_its_own_means_the_same_values_everywhere) {
  const auto seeded = glorot_uniform().seeded(7);
  Array first(Shape{3, 4}, DType::float64);
  Array second(Shape{3, 4}, DType::float64);
  Generator a(1);
  Generator b(2);
  seeded(first, a);
  seeded(second, b);
  BOOST_TEST(first.to_doubles() == second.to_doubles(), boost::test_tools::per_element());
  BOOST_TEST((a.state() == Generator(1).state()));  // nothing was drawn from it
  glorot_uniform()(second, b);
  BOOST_TEST(first.to_doubles() != second.to_doubles());
  BOOST_TEST((Initializer::from_config("GlorotUniform", {{"seed", 7.0}}) == seeded));
  BOOST_TEST((Initializer::from_config("GlorotUniform", seeded.config()) == seeded));
  BOOST_CHECK_THROW((void)zeros().seeded(1), ValueError);
  BOOST_CHECK_THROW((void)Initializer::from_config("Zeros", {{"seed", 1.0}}), ValueError);
  BOOST_CHECK_THROW((void)Initializer::from_config("GlorotUniform", {{"seed", 1.5}}), ValueError);
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_answered_with_the_known_ones) {
  BOOST_CHECK_EXCEPTION((void)Initializer::from_name("xavier"), ValueError, [](const ValueError& error) {
    const std::string message = error.what();
    return message.find("'xavier'") != std::string::npos && message.find("glorot_uniform") != std::string::npos &&
           message.find("truncated_normal") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
