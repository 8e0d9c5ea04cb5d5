#include <recur/optim/config.h>
#include <recur/optim/optimizers.h>

#include <boost/test/unit_test.hpp>

namespace {

using namespace recur;
using namespace recur::optim;

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(a_rate_alone_is_enough) {
  BOOST_TEST(adam(1e-3).learning_rate() == 1e-3);
  BOOST_TEST(sgd(1).learning_rate() == 1.0);
  BOOST_TEST(rmsprop(cosine_decay({.initial = 0.5, .decay_steps = 10})).learning_rate() == 0.5);
  BOOST_TEST(adam({}).learning_rate() == 0.001);  // braces are options, not a rate of 0
  BOOST_TEST(adam({.learning_rate = 0.25}).learning_rate() == 0.25);
}

BOOST_AUTO_TEST_CASE(keras_names_in_either_case) {
  for (const char* name : {"adam", "Adam", "ADAM", "keras.optimizers.Adam"})
    BOOST_TEST(get_config(from_config(name, "{}")).class_name == "keras.optimizers.Adam");
  BOOST_TEST(get_config(from_config("rmsprop", R"({"rho": 0.5})")).class_name == "keras.optimizers.RMSprop");
  const Optimizer clipped = by_name("sgd", 0.5, {.global_norm = 2});
  BOOST_TEST(clipped.learning_rate() == 0.5);
  BOOST_TEST(get_config(clipped).config.find("\"global_clipnorm\":2") != std::string::npos);
  BOOST_CHECK_EXCEPTION((void)by_name("adamm", 1), ValueError, [](const ValueError& error) {
    return std::string(error.what()).find("no optimizer adamm") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(schedules_have_names) {
  BOOST_TEST(schedule_by_name("constant", 0.5, 10)(7) == 0.5);
  BOOST_TEST(schedule_by_name("cosine", 0.5, 10)(0) == 0.5);
  BOOST_TEST(schedule_by_name("cosine", 0.5, 10)(10) < 1e-12);
  BOOST_TEST(schedule_by_name("linear", 0.5, 10)(5) == 0.25);
  BOOST_CHECK_THROW((void)schedule_by_name("cosinus", 0.5, 10), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
