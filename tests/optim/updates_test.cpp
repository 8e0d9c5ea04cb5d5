// Updates of each optimizer against the published equations, written here once more for one number at a time.

#include <recur/optim/optimizers.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>

#include "toy_model.h"

using namespace recur;
using optim::Convention;

namespace {

/// One parameter of one element during step t (from 1): gradient g, value w, and what the method keeps.
struct Element {
  double g = 0, w = 0;
  int t = 1;
  std::map<std::string, double> keep;
  /// Keeps an average of x with weight `decay` on the past.
  double average(const std::string& what, double decay, double x) {
    return keep[what] = decay * keep[what] + (1 - decay) * x;
  }
};

/// Changes w.
using Rule = std::function<void(Element&)>;

struct Row {
  std::string name;
  std::function<optim::Optimizer()> make;
  Rule rule;
};

constexpr double rate = 0.05;

double adam_direction(Element& s, double epsilon, bool correct_first) {
  const double m = s.average("m", 0.9, s.g), v = s.average("v", 0.99, s.g * s.g);
  const double c1 = 1 - std::pow(0.9, s.t), c2 = 1 - std::pow(0.99, s.t);
  return correct_first ? m / c1 / (std::sqrt(v / c2) + epsilon) : std::sqrt(c2) / c1 * m / (std::sqrt(v) + epsilon);
}

double nadam_direction(Element& s, double psi) {
  const auto mu = [&](int t) { return 0.9 * (1 - 0.5 * std::pow(0.96, psi * t)); };
  double product = 1;
  for (int t = 1; t <= s.t; ++t) product *= mu(t);
  const double m = s.average("m", 0.9, s.g), v = s.average("v", 0.99, s.g * s.g);
  const double mean = (1 - mu(s.t)) * s.g / (1 - product) + mu(s.t + 1) * m / (1 - product * mu(s.t + 1));
  return mean / (std::sqrt(v / (1 - std::pow(0.99, s.t))) + 0.01);
}

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

void ftrl_step(Element& s, double p, double l1, double l2, double shrinkage, double beta) {
  const double before = 0.1 + s.keep["squares"], now = 0.1 + (s.keep["squares"] += s.g * s.g);
  const double z = s.keep["z"] += s.g + 2 * shrinkage * s.w - (std::pow(now, p) - std::pow(before, p)) / rate * s.w;
  s.w = std::abs(z) > l1 ? (sign(z) * l1 - z) / ((std::pow(now, p) + beta) / rate + 2 * l2) : 0;
}

// Epsilons are large, so that one in the wrong place shows.
const Row rows[] = {
    {"sgd", [] { return optim::sgd({.learning_rate = rate}); }, [](Element& s) { s.w -= rate * s.g; }},
    {"sgd torch dampening, L2",
     [] {
       return optim::sgd({.learning_rate = rate,
                          .momentum = 0.8,
                          .dampening = 0.3,
                          .weight_decay = 0.1,
                          .convention = Convention::torch});
     },
     [](Element& s) {
       const double g = s.g + 0.1 * s.w;
       s.keep["v"] = s.t == 1 ? g : 0.8 * s.keep["v"] + 0.7 * g;
       s.w -= rate * s.keep["v"];
     }},
    {"sgd keras momentum, decay, weight decay",
     [] { return optim::sgd({.learning_rate = rate, .momentum = 0.8, .weight_decay = 0.1, .decay = 0.5}); },
     [](Element& s) {
       const double now = rate / (1 + 0.5 * (s.t - 1));
       s.keep["v"] = 0.8 * s.keep["v"] - now * s.g;
       s.w += s.keep["v"] - now * 0.1 * s.w;
     }},
    {"sgd keras nesterov", [] { return optim::sgd({.learning_rate = rate, .momentum = 0.8, .nesterov = true}); },
     [](Element& s) {
       s.keep["v"] = 0.8 * s.keep["v"] - rate * s.g;
       s.w += 0.8 * s.keep["v"] - rate * s.g;
     }},
    {"rmsprop keras", [] { return optim::rmsprop({.learning_rate = rate, .rho = 0.8, .epsilon = 0.1}); },
     [](Element& s) { s.w -= rate * s.g / (std::sqrt(s.average("s", 0.8, s.g * s.g)) + 0.1); }},
    {"rmsprop keras centered momentum",
     [] {
       return optim::rmsprop({.learning_rate = rate, .rho = 0.8, .momentum = 0.7, .epsilon = 0.1, .centered = true});
     },
     [](Element& s) {
       const double square = s.average("s", 0.8, s.g * s.g), mean = s.average("m", 0.8, s.g);
       s.keep["v"] = 0.7 * s.keep["v"] + rate * s.g / std::sqrt(square - mean * mean + 0.1);
       s.w -= s.keep["v"];
     }},
    {"rmsprop keras3",
     [] {
       return optim::rmsprop({.learning_rate = rate, .rho = 0.8, .epsilon = 0.1, .convention = Convention::keras3});
     },
     [](Element& s) { s.w -= rate * s.g / std::sqrt(s.average("s", 0.8, s.g * s.g) + 0.1); }},
    {"adagrad keras", [] { return optim::adagrad({.learning_rate = rate, .epsilon = 0.1}); },
     [](Element& s) {
       s.keep["s"] += s.g * s.g;
       s.w -= rate * s.g / (std::sqrt(0.1 + s.keep["s"]) + 0.1);
     }},
    {"adagrad keras3",
     [] { return optim::adagrad({.learning_rate = rate, .epsilon = 0.1, .convention = Convention::keras3}); },
     [](Element& s) {
       s.keep["s"] += s.g * s.g;
       s.w -= rate * s.g / std::sqrt(0.1 + s.keep["s"] + 0.1);
     }},
    {"adadelta", [] { return optim::adadelta({.learning_rate = rate, .rho = 0.8, .epsilon = 0.1}); },
     [](Element& s) {
       const double d = std::sqrt(s.keep["u"] + 0.1) / std::sqrt(s.average("s", 0.8, s.g * s.g) + 0.1) * s.g;
       s.average("u", 0.8, d * d);
       s.w -= rate * d;
     }},
    {"adam keras", [] { return optim::adam({.learning_rate = rate, .beta_2 = 0.99, .epsilon = 0.1}); },
     [](Element& s) { s.w -= rate * adam_direction(s, 0.1, false); }},
    {"adam torch",
     [] {
       return optim::adam({.learning_rate = rate, .beta_2 = 0.99, .epsilon = 0.1, .convention = Convention::torch});
     },
     [](Element& s) { s.w -= rate * adam_direction(s, 0.1, true); }},
    {"amsgrad", [] { return optim::adam({.learning_rate = rate, .beta_2 = 0.5, .epsilon = 0.1, .amsgrad = true}); },
     [](Element& s) {
       const double m = s.average("m", 0.9, s.g), v = s.average("v", 0.5, s.g * s.g);
       const double top = s.keep["top"] = std::max(s.keep["top"], v);
       s.w -= rate * std::sqrt(1 - std::pow(0.5, s.t)) / (1 - std::pow(0.9, s.t)) * m / (std::sqrt(top) + 0.1);
     }},
    {"adamw", [] { return optim::adamw({.learning_rate = rate, .beta_2 = 0.99, .epsilon = 0.1, .weight_decay = 0.3}); },
     [](Element& s) {
       s.w -= rate * 0.3 * s.w;
       s.w -= rate * adam_direction(s, 0.1, false);
     }},
    {"adamax torch",
     [] {
       return optim::adamax({.learning_rate = rate, .beta_2 = 0.8, .epsilon = 0.1, .convention = Convention::torch});
     },
     [](Element& s) {
       s.keep["u"] = std::max(0.8 * s.keep["u"], std::abs(s.g) + 0.1);
       s.w -= rate / (1 - std::pow(0.9, s.t)) * s.average("m", 0.9, s.g) / s.keep["u"];
     }},
    {"nadam keras", [] { return optim::nadam({.learning_rate = rate, .beta_2 = 0.99, .epsilon = 0.01}); },
     [](Element& s) { s.w -= rate * nadam_direction(s, 0.004); }},
    {"nadam keras3",
     [] {
       return optim::nadam({.learning_rate = rate, .beta_2 = 0.99, .epsilon = 0.01, .convention = Convention::keras3});
     },
     [](Element& s) { s.w -= rate * nadam_direction(s, 1); }},
    {"lion", [] { return optim::lion({.learning_rate = rate, .weight_decay = 0.2}); },
     [](Element& s) {
       s.w -= rate * (sign(0.9 * s.keep["m"] + 0.1 * s.g) + 0.2 * s.w);
       s.average("m", 0.99, s.g);
     }},
    {"ftrl", [] { return optim::ftrl({.learning_rate = rate}); }, [](Element& s) { ftrl_step(s, 0.5, 0, 0, 0, 0); }},
    {"ftrl with all penalties",
     [] {
       return optim::ftrl({.learning_rate = rate,
                           .learning_rate_power = -0.8,
                           .l1 = 0.7,
                           .l2 = 0.3,
                           .l2_shrinkage = 0.1,
                           .beta = 0.2});
     },
     [](Element& s) { ftrl_step(s, 0.8, 0.7, 0.3, 0.1, 0.2); }},
};

/// The largest relative error against `row.rule` in 12 steps on parameters long enough for whole registers and a rest,
/// and for more than one piece.
double largest_error(const Row& row, DType dtype) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  const auto draw = [&] { return static_cast<double>(static_cast<float>(uniform(random))); };
  ToyModel model(dtype);
  std::vector<std::vector<Element>> expected;
  for (const std::size_t size : {std::size_t{3}, std::size_t{2500}}) {
    std::vector<double> start(size);
    for (double& w : start) w = draw();
    model.add("p" + std::to_string(size), start);
    expected.emplace_back();
    for (const double w : start) expected.back().emplace_back().w = w;
  }
  optim::Optimizer optimizer = row.make();
  double largest = 0;
  for (int t = 1; t <= 12; ++t) {
    for (std::size_t p = 0; p < expected.size(); ++p) {
      std::vector<double> gradient;
      for (Element& s : expected[p]) {
        gradient.push_back(s.g = t == 5 ? 0 : draw());
        s.t = t;
        row.rule(s);
      }
      model.set_gradient(p, gradient);
    }
    optimizer.step(model.list());
    for (std::size_t p = 0; p < expected.size(); ++p) {
      const auto values = model.values(p);
      for (std::size_t i = 0; i < values.size(); ++i)
        largest = std::max(largest, std::abs(values[i] - expected[p][i].w) / std::max(1.0, std::abs(expected[p][i].w)));
    }
  }
  return largest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(updates)

// Twelve steps of some ten roundings each: 1e-14 in double, 1e-5 in float where a small difference is divided by.
// Lion's step is all or nothing, so that float may choose the other sign where the blend is nearly zero: double only.
BOOST_AUTO_TEST_CASE(follow_the_equations) {
  for (const Row& row : rows) {
    const double in_double = largest_error(row, DType::float64);
    BOOST_TEST(in_double < 1e-13, row.name << " in float64: error " << in_double);
    if (row.name == "lion") continue;
    const double in_float = largest_error(row, DType::float32);
    BOOST_TEST(in_float < 1e-5, row.name << " in float32: error " << in_float);
  }
}

// What TensorFlow's own tests expect after ten steps with one gradient, a learning rate of 3, l1 0.001 and l2 2.
BOOST_AUTO_TEST_CASE(ftrl_is_that_of_tensorflow) {
  const auto after = [](double shrinkage, const std::vector<double>& start, const std::vector<double>& gradient) {
    ToyModel model(DType::float64);
    model.add("w", start);
    optim::Optimizer optimizer = optim::ftrl({.learning_rate = 3, .l1 = 0.001, .l2 = 2, .l2_shrinkage = shrinkage});
    for (int t = 0; t < 10; ++t) {
      model.set_gradient(0, gradient);
      optimizer.step(model.list());
    }
    return model.values();
  };
  const auto check = [](const std::vector<double>& values, double first, double second) {
    BOOST_TEST(std::abs(values[0] - first) < 1e-7);
    BOOST_TEST(std::abs(values[1] - second) < 1e-7);
  };
  check(after(0.1, {1, 2}, {0.1, 0.2}), -0.22578995, -0.44345796);
  check(after(0.1, {4, 3}, {0.01, 0.02}), -0.14378493, -0.13229476);
}

BOOST_AUTO_TEST_CASE(ftrl_makes_zeros) {
  ToyModel model(DType::float32);
  model.add("w", {0.3, -0.2, 5});
  optim::Optimizer optimizer = optim::ftrl({.learning_rate = 0.07, .l1 = 1, .clip = {.global_norm = 0.3}});
  model.set_gradient(0, {0.3, -0.4, 5});
  optimizer.step(model.list());
  BOOST_TEST(model.values()[0] == 0);
  BOOST_TEST(model.values()[1] == 0);
  // A learning rate of 0 leaves all as it is; so does no gradient at all, with nothing accumulated.
  const auto before = model.values();
  optimizer.set_learning_rate(0);
  model.set_gradient(0, {1, 1, 1});
  optimizer.step(model.list());
  BOOST_TEST(model.values() == before, boost::test_tools::per_element());
  ToyModel still(DType::float64);
  still.add("w", {0});
  optim::Optimizer empty = optim::ftrl({.initial_accumulator_value = 0});
  still.set_gradient(0, {0});
  empty.step(still.list());
  BOOST_TEST(still.values()[0] == 0);
}

BOOST_AUTO_TEST_CASE(refuse_options_out_of_range) {
  BOOST_CHECK_THROW((void)optim::ftrl({.learning_rate_power = 0.5}), ValueError);
  BOOST_CHECK_THROW((void)optim::ftrl({.l1 = -1}), ValueError);
  BOOST_CHECK_THROW((void)optim::adam({.beta_1 = 1}), ValueError);
  BOOST_CHECK_THROW((void)optim::adam({.learning_rate = -1.0}), ValueError);
  BOOST_CHECK_THROW((void)optim::adam({.epsilon = -1e-7}), ValueError);
  BOOST_CHECK_THROW((void)optim::rmsprop({.rho = -0.1}), ValueError);
  BOOST_CHECK_THROW((void)optim::sgd({.momentum = 1.5}), ValueError);
  BOOST_CHECK_THROW((void)optim::sgd({.momentum = 0.9, .dampening = 0.1}), ValueError);
  BOOST_CHECK_THROW((void)optim::sgd({.weight_decay = -1}), ValueError);
  BOOST_CHECK_THROW((void)optim::sgd({.clip = {.norm = -1}}), ValueError);
}

BOOST_AUTO_TEST_CASE(have_the_defaults_of_their_convention) {
  const auto torch = optim::adadelta({.convention = Convention::torch});
  BOOST_TEST(torch.learning_rate() == 1);
  BOOST_TEST(optim::adadelta().learning_rate() == 0.001);
  BOOST_TEST(optim::adam({.convention = Convention::torch}).options().get_if<optim::AdamOptions>()->epsilon.value() ==
             1e-8);
  BOOST_TEST(optim::adam().options().get_if<optim::AdamOptions>()->epsilon.value() == 1e-7);
}

BOOST_AUTO_TEST_SUITE_END()
