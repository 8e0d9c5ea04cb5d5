#include <recur/layers/cells/mgu_cell.h>

#include <recur/layers/config/config.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace recur;

BOOST_AUTO_TEST_SUITE(mgu_cell)

// The published equations, one number at a time.
BOOST_AUTO_TEST_CASE(follows_the_paper) {
  constexpr Index inputs = 3, units = 2;
  AnyCell cell = MGUCell(units);
  Builder builder(inputs, DType::float64, Generator(4));
  cell.build(builder);
  const auto all = parameters(cell);
  const auto w = all[0].parameter->value().to_doubles(), u = all[1].parameter->value().to_doubles();
  all[2].parameter->edit().assign(std::vector<double>{0.1, -0.2, 0.3, -0.4});
  const auto b = all[2].parameter->value().to_doubles();
  const std::vector<double> x{0.5, -1, 0.25}, h{0.75, -0.5};
  const auto at = [](const std::vector<double>& matrix, Index row, Index column) {
    return matrix[static_cast<std::size_t>(row * 2 * units + column)];
  };
  std::vector<double> f(2), expected(2);
  for (Index j = 0; j < units; ++j) {
    double z = b[static_cast<std::size_t>(j)];
    for (Index i = 0; i < inputs; ++i) z += x[static_cast<std::size_t>(i)] * at(w, i, j);
    for (Index i = 0; i < units; ++i) z += h[static_cast<std::size_t>(i)] * at(u, i, j);
    f[static_cast<std::size_t>(j)] = 1 / (1 + std::exp(-z));
  }
  for (Index j = 0; j < units; ++j) {
    const auto k = static_cast<std::size_t>(j);
    double z = b[k + 2];
    for (Index i = 0; i < inputs; ++i) z += x[static_cast<std::size_t>(i)] * at(w, i, units + j);
    for (Index i = 0; i < units; ++i)
      z += f[static_cast<std::size_t>(i)] * h[static_cast<std::size_t>(i)] * at(u, i, units + j);
    expected[k] = (1 - f[k]) * h[k] + f[k] * std::tanh(z);
  }
  Tape tape(DType::float64);
  const std::vector<Var> states{tape.constant({1, units}, h)};
  std::vector<Var> next(1);
  const Var output = cell->call(tape.constant({1, inputs}, x), states, next, {});
  for (std::size_t j = 0; j < 2; ++j)
    BOOST_TEST(output.to_doubles()[j] == expected[j], boost::test_tools::tolerance(1e-12));
  BOOST_TEST(next[0].to_doubles() == output.to_doubles());
}

BOOST_AUTO_TEST_CASE(is_known_by_its_name) {
  const AnyCell cell = cell_from_config(R"({"class_name": "MGUCell", "config": {"units": 3, "dropout": 0.25}})");
  BOOST_TEST(cell.as<MGUCell>().config().options.dropout == 0.25);
  BOOST_TEST(get_config(cell).find("MGUCell") != std::string::npos);
  MGUCellOptions separate;
  separate.separate_bias = true;
  BOOST_CHECK_THROW(MGUCell(3, separate), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
