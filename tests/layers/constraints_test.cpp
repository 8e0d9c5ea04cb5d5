#include "support.h"

#include <recur/layers/constraints.h>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(constraints)

BOOST_AUTO_TEST_CASE(they_change_weights) {
  const auto changed = [](const Constraint& constraint) {
    Array value(Tensor<double>({2, 2}, {3, 0.3, -4, 0.4}));
    constraint(value);
    return value.to_doubles();
  };
  const auto near = [](const std::vector<double>& a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::abs(a[i] - b[i]) < 1e-6);  // Keras's epsilon is 1e-7
  };
  near(changed(max_norm(1)), {0.6, 0.3, -0.8, 0.4});
  near(changed(unit_norm()), {0.6, 0.6, -0.8, 0.8});
  near(changed(non_neg()), {3, 0.3, 0, 0.4});
  near(changed(min_max_norm(1, 2, 0.5)), {3 * 0.7, 0.45, -4 * 0.7, 0.6});
}

BOOST_AUTO_TEST_SUITE_END()
