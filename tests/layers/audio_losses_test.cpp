#include <recur/framework/check/gradcheck.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/audio_losses.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;

// [batch 2, time 3, channels 1]
const Shape shape{2, 3, 1};
const std::vector<double> predicted = {1, 2, 0, -1, 0.5, 3}, wanted = {0.5, 2, 1, -2, 0, 2};

double value(const std::function<Var(Var, Var)>& loss) {
  Tape tape(DType::float64);
  return loss(tape.constant(shape, predicted), tape.constant(shape, wanted)).item();
}

BOOST_AUTO_TEST_SUITE(audio_losses, *boost::unit_test::tolerance(1e-12))

BOOST_AUTO_TEST_CASE(values) {
  // t - y: -0.5, 0, 1 | -1, -0.5, -1; Σ = 3.5. t: 0.5, 2, 1 | -2, 0, 2; Σ t² = 13.25.
  BOOST_TEST(value([](Var y, Var t) { return error_to_signal(y, t); }) == (3.5 / 6) / (13.25 / 6 + 1e-5));
  // Filtered by 0.5: -0.5, 0.25, 1 | -1, 0, -0.75 and 0.5, 1.75, 0 | -2, 1, 2.
  const double error = (0.25 + 0.0625 + 1 + 1 + 0 + 0.5625) / 6, energy = (0.25 + 3.0625 + 0 + 4 + 1 + 4) / 6;
  BOOST_TEST(value([](Var y, Var t) { return error_to_signal(y, t, 0.5); }) == error / (energy + 1e-5));
  // Means of t - y: 1/6 and -2.5/3.
  const double offset = (1.0 / 36 + 6.25 / 9) / 2;
  BOOST_TEST(value([](Var y, Var t) { return dc_error(y, t); }) == offset / (13.25 / 6 + 1e-5));
}

BOOST_AUTO_TEST_CASE(gradients) {
  const Array target = [] {
    Array array(shape, DType::float64);
    array.assign(wanted);
    return array;
  }();
  Array start(shape, DType::float64);
  start.assign(predicted);
  const auto check = [&](const std::function<Var(Var, Var)>& loss) {
    const auto result =
        gradcheck([&](Tape& tape, std::span<const Var> x) { return loss(x[0], tape.constant(target)); }, {start});
    BOOST_TEST(result.passed, result.message);
  };
  check([](Var y, Var t) { return error_to_signal(y, t); });
  check([](Var y, Var t) { return error_to_signal(y, t, 0.85); });
  check([](Var y, Var t) { return dc_error(y, t); });
}

// Sequences of two ranks: their losses add up, each by its part of the frames, if the energy is that of both.
BOOST_AUTO_TEST_CASE(losses_of_ranks_add_up) {
  Tape tape(DType::float64);
  const Var y = tape.constant(shape, predicted), t = tape.constant(shape, wanted);
  const auto add_up = [&](auto loss) {
    double sum = 0;
    for (Index row = 0; row < 2; ++row) sum += 0.5 * loss(slice(y, 0, row, 1), slice(t, 0, row, 1)).item();
    return sum;
  };
  BOOST_TEST(add_up([&](Var a, Var b) { return error_to_signal(a, b, 0.85, t); }) ==
             error_to_signal(y, t, 0.85).item());
  BOOST_TEST(add_up([&](Var a, Var b) { return dc_error(a, b, t); }) == dc_error(y, t).item());
  BOOST_TEST(add_up([&](Var a, Var b) { return dc_error(a, b); }) != dc_error(y, t).item());
  BOOST_CHECK_THROW((void)dc_error(y, t, tape.zeros({2, 3})), ShapeError);
}

BOOST_AUTO_TEST_CASE(silence_is_finite_and_shapes_are_checked) {
  Tape tape(DType::float64);
  const Var silence = tape.zeros(shape);
  BOOST_TEST(error_to_signal(tape.filled(shape, 0.1), silence).item() == 0.01 / 1e-5);
  BOOST_CHECK_THROW((void)error_to_signal(silence, tape.zeros({2, 3})), ShapeError);
  BOOST_CHECK_THROW((void)dc_error(tape.zeros({6}), tape.zeros({6})), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
