#include <recur/optim/optimizers.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>

#include "toy_model.h"

using namespace recur;

namespace {

/// For those methods whose steps do not shrink by themselves with the gradient.
optim::Schedule falling(double rate) { return optim::cosine_decay({.initial = rate, .decay_steps = 5000}); }

struct Row {
  const char* name;
  std::function<optim::Optimizer(double rate)> make;
  double parabola_rate, rosenbrock_rate;
};

const Row rows[] = {
    {"sgd", [](double r) { return optim::sgd({.learning_rate = r}); }, 0.1, 2e-3},
    {"momentum", [](double r) { return optim::sgd({.learning_rate = r, .momentum = 0.9}); }, 0.02, 5e-4},
    {"nesterov", [](double r) { return optim::sgd({.learning_rate = r, .momentum = 0.9, .nesterov = true}); }, 0.02,
     5e-4},
    {"rmsprop", [](double r) { return optim::rmsprop({.learning_rate = falling(r)}); }, 0.02, 0.02},
    {"rmsprop centered momentum",
     [](double r) { return optim::rmsprop({.learning_rate = falling(r), .momentum = 0.5, .centered = true}); }, 0.005,
     0.005},
    {"adagrad", [](double r) { return optim::adagrad({.learning_rate = r}); }, 0.5, 0.5},
    {"adadelta", [](double r) { return optim::adadelta({.learning_rate = falling(r), .epsilon = 1e-6}); }, 1, 0.3},
    {"adam", [](double r) { return optim::adam({.learning_rate = falling(r)}); }, 0.1, 0.1},
    {"amsgrad", [](double r) { return optim::adam({.learning_rate = falling(r), .amsgrad = true}); }, 0.1, 0.1},
    {"adamw", [](double r) { return optim::adamw({.learning_rate = falling(r), .weight_decay = 0.0}); }, 0.1, 0.1},
    {"adamax", [](double r) { return optim::adamax({.learning_rate = falling(r)}); }, 0.1, 0.1},
    {"nadam", [](double r) { return optim::nadam({.learning_rate = falling(r)}); }, 0.1, 0.1},
    {"lion", [](double r) { return optim::lion({.learning_rate = falling(r)}); }, 0.02, 0.02},
    {"ftrl", [](double r) { return optim::ftrl({.learning_rate = r}); }, 0.5, 0.5},
};

using Gradient = std::function<std::vector<double>(const std::vector<double>&)>;

/// Of the sum of (x - goal)².
std::vector<double> parabola(const std::vector<double>& x) {
  return {2 * (x[0] - 1), 2 * (x[1] + 2), 2 * (x[2] - 0.5)};
}

/// Of (1 - x)² + 100 (y - x²)²: a curved valley with its floor at (1, 1).
std::vector<double> rosenbrock(const std::vector<double>& x) {
  const double off = x[1] - x[0] * x[0];
  return {-2 * (1 - x[0]) - 400 * x[0] * off, 200 * off};
}

double distance_after(optim::Optimizer optimizer, const Gradient& gradient, const std::vector<double>& start,
                      const std::vector<double>& goal, DType dtype) {
  ToyModel model(dtype);
  model.add("x", start);
  for (int i = 0; i < 5000; ++i) {
    model.set_gradient(0, gradient(model.values()));
    optimizer.step(model.list());
  }
  double sum = 0;
  for (std::size_t i = 0; i < goal.size(); ++i) sum += std::pow(model.values()[i] - goal[i], 2);
  return std::sqrt(sum);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(convergence)

BOOST_AUTO_TEST_CASE(all_reach_the_bottom_of_a_parabola) {
  for (const Row& row : rows)
    for (const DType dtype : {DType::float32, DType::float64}) {
      const double off = distance_after(row.make(row.parabola_rate), parabola, {-1, 1, 3}, {1, -2, 0.5}, dtype);
      BOOST_TEST(off < 1e-2, row.name << " in " << name(dtype) << " ends " << off << " from the minimum");
    }
}

// From (-1.2, 1), 2.2 from the minimum; reaching 0.1 means having followed the valley around its bend.
BOOST_AUTO_TEST_CASE(all_follow_the_valley_of_rosenbrock) {
  for (const Row& row : rows)
    for (const DType dtype : {DType::float32, DType::float64}) {
      const double off = distance_after(row.make(row.rosenbrock_rate), rosenbrock, {-1.2, 1}, {1, 1}, dtype);
      BOOST_TEST(off < 0.1, row.name << " in " << name(dtype) << " ends " << off << " from the minimum");
    }
}

BOOST_AUTO_TEST_SUITE_END()
