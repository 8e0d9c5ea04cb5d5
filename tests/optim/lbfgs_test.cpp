#include <recur/framework/tensor/error.h>
#include <recur/layers/constraints.h>
#include <recur/layers/dense.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/lstm.h>
#include <recur/layers/sequential.h>
#include <recur/optim/lbfgs.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

#include "toy_model.h"

using namespace recur;
using optim::Lbfgs;
using optim::LineSearch;

namespace {

/// (1 - x)² + 100 (y - x²)², a curved valley with its floor at (1, 1), seen from (-1.2, 1).
struct Rosenbrock {
  explicit Rosenbrock(DType dtype = DType::float64) : model(dtype) { model.add("x", {-1.2, 1}); }
  double loss() {
    const auto x = model.values();
    const double off = x[1] - x[0] * x[0];
    model.set_gradient(0, {-2 * (1 - x[0]) - 400 * x[0] * off, 200 * off});
    return std::pow(1 - x[0], 2) + 100 * off * off;
  }
  double step(Lbfgs& optimizer) {
    return optimizer.step(model.list(), [this] { return loss(); });
  }
  [[nodiscard]] double distance() const { return std::hypot(model.values()[0] - 1, model.values()[1] - 1); }
  ToyModel model;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lbfgs)

// Of torch.optim.LBFGS (PyTorch 1.13) with max_iter = 4, history_size = 3; x and y after each call of step.
// Roundings of 1e-16 grow along the valley: after 32 directions they are 3e-8.
BOOST_AUTO_TEST_CASE(goes_the_way_of_torch) {
  const auto follow = [](optim::LbfgsOptions options, const std::vector<double>& expected) {
    options.max_iterations = 4;
    options.history = 3;
    Lbfgs optimizer(options);
    Rosenbrock problem;
    for (std::size_t i = 0; i < expected.size(); i += 2) {
      problem.step(optimizer);
      const std::vector<double> wanted{expected[i], expected[i + 1]};
      BOOST_TEST(problem.model.values() == wanted, boost::test_tools::tolerance(1e-7)
                                                       << boost::test_tools::per_element());
    }
  };
  follow({.learning_rate = 0.05, .line_search = LineSearch::none},
         {-1.1482572672990548, 1.0222791194423284, -1.1297933723356706, 1.032851602380288, -1.1145639248477592,
          1.0427364423172, -1.101930279442951, 1.0514072359150306, -1.0913533296111004, 1.0586006692737195,
          -1.0823926313168342, 1.06423885006776, -1.0746966746493067, 1.0683655362862731, -1.0679867814505744,
          1.0710921791609744});
  follow({}, {-1.0288795348319695, 1.0655029516848564, -0.9349818277934958, 0.836452117556499, -0.5378302256216367,
              0.2961099017321947, -0.1840262449787795, 0.01909803365499923, 0.1835842386018427, 0.030527571732752817,
              0.4048890239726281, 0.15031689730910644, 0.6995074107996202, 0.4826245584543156, 0.9036782267296991,
              0.8152961125988512});
}

BOOST_AUTO_TEST_CASE(reaches_the_floor_of_rosenbrocks_valley) {
  for (const LineSearch search : {LineSearch::strong_wolfe, LineSearch::backtracking})
    for (const DType dtype : {DType::float64, DType::float32}) {
      Lbfgs optimizer({.max_iterations = 100, .tolerance_change = 0, .line_search = search});
      Rosenbrock problem(dtype);
      BOOST_TEST(problem.step(optimizer) == 24.2, boost::test_tools::tolerance(1e-6));  // of float
      problem.step(optimizer);
      BOOST_TEST(problem.distance() < (dtype == DType::float64 ? 1e-6 : 1e-2), name(dtype)
                                                                                   << " " << problem.distance());
      BOOST_TEST(problem.model[0].gradient.to_doubles()[0] == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_saved_run_continues_with_the_same_bits) {
  Rosenbrock whole, half;
  Lbfgs one({.max_iterations = 3}), two({.max_iterations = 3}), three({.max_iterations = 3});
  for (int i = 0; i < 6; ++i) whole.step(one);
  for (int i = 0; i < 3; ++i) half.step(two);
  three.set_state(two.state());
  BOOST_TEST(three.iterations() == two.iterations());
  for (int i = 0; i < 3; ++i) half.step(three);
  BOOST_TEST(half.model.values() == whole.model.values(), boost::test_tools::per_element());

  auto broken = two.state();
  broken.erase("step/0");
  BOOST_CHECK_THROW(three.set_state(broken), ValueError);
  broken = two.state();
  broken.at("direction") = Array({3}, DType::float64);
  BOOST_CHECK_THROW(three.set_state(broken), ValueError);
  Lbfgs forgetful({.history = 1});
  BOOST_CHECK_THROW(forgetful.set_state(one.state()), ValueError);
}

BOOST_AUTO_TEST_CASE(mistakes_are_told) {
  BOOST_CHECK_THROW(Lbfgs({.learning_rate = 0}), ValueError);
  BOOST_CHECK_THROW(Lbfgs({.history = 0}), ValueError);
  Rosenbrock problem;
  Lbfgs optimizer;
  problem.step(optimizer);
  ToyModel other;
  other.add("y", {1, 2, 3});
  BOOST_CHECK_THROW((void)optimizer.step(other.list(), [] { return 1.0; }), ShapeError);
  Lbfgs fresh;
  BOOST_CHECK_THROW((void)fresh.step(other.list(), [] { return std::nan(""); }), StateError);
}

// The sum of a sequence of eight numbers: a loss 1000 times lower within 60 directions.
BOOST_AUTO_TEST_CASE(trains_an_lstm) {
  Sequential model{LSTM(4), Dense(1)};
  Builder builder(1, DType::float64, Generator(1));
  model.build(builder);
  Tensor<double> inputs({16, 8, 1}), targets({16, 1});
  Generator(2).fill_normal(inputs.values());
  for (Index i = 0; i < 16; ++i)
    for (Index t = 0; t < 8; ++t) targets(i, 0) += inputs(i, t, 0) / 8;
  Tape tape(DType::float64);
  const auto closure = [&] {
    tape.reset();
    const Var loss = mean_squared_error(model(tape.constant(inputs)), tape.constant(targets));
    tape.backward(loss);
    return loss.item();
  };
  Lbfgs optimizer;
  const auto list = parameters(model);
  const double first = optimizer.step(list, closure);
  for (int i = 0; i < 3; ++i) (void)optimizer.step(list, closure);
  const double last = closure();
  BOOST_TEST(last < first / 1000, "from " << first << " to " << last);
}

// (x - 1)² + (x + y)² with y >= 0: at least 1/2, at (1/2, 0); without the constraint the minimum is 0, at (1, -1).
BOOST_AUTO_TEST_CASE(losses_fall_to_the_minimum_under_a_constraint) {
  for (const LineSearch search : {LineSearch::strong_wolfe, LineSearch::backtracking})
    for (const Index iterations : {1, 2, 20}) {
      ToyModel model(DType::float64);
      model.add("p", {2, 2});
      model[0].constraint = non_neg();
      const auto loss = [&] {
        const auto v = model.values();
        const double off = v[0] - 1, sum = v[0] + v[1];
        model.set_gradient(0, {2 * off + 2 * sum, 2 * sum});
        return off * off + sum * sum;
      };
      Lbfgs optimizer({.max_iterations = iterations, .line_search = search});
      double before = 17;
      for (int i = 0; i < 20; ++i) {
        const double now = optimizer.step(model.list(), loss);
        BOOST_TEST(now <= before + 1e-12, "step " << i << ": " << now << " after " << before);
        before = now;
      }
      BOOST_TEST(before == 0.5, boost::test_tools::tolerance(1e-6));
    }
}

BOOST_AUTO_TEST_CASE(a_constraint_that_does_not_hold_yet_holds_from_the_first_evaluation_on) {
  ToyModel model(DType::float64);
  model.add("p", {-3});
  model[0].constraint = non_neg();
  Lbfgs optimizer;
  const auto loss = [&] {
    const double p = model.values()[0];
    BOOST_TEST(p >= 0);
    model.set_gradient(0, {2 * (p + 1)});
    return (p + 1) * (p + 1);
  };
  BOOST_TEST(optimizer.step(model.list(), loss) == 1);
  BOOST_TEST(model.values()[0] == 0);
}

// Tolerances are relative where loss and gradient are small.
BOOST_AUTO_TEST_CASE(a_small_loss_is_minimized_as_a_large_one) {
  for (const double size : {1.0, 1e-6, 1e-12}) {
    Rosenbrock problem;
    Lbfgs optimizer({.max_iterations = 200});
    const auto loss = [&] {
      const double value = size * problem.loss();
      auto gradient = problem.model[0].gradient.to_doubles();
      for (double& g : gradient) g *= size;
      problem.model.set_gradient(0, gradient);
      return value;
    };
    optimizer.step(problem.model.list(), loss);
    optimizer.step(problem.model.list(), loss);
    BOOST_TEST(problem.distance() < 1e-3, size << ": " << problem.distance());
  }
}

BOOST_AUTO_TEST_SUITE_END()
