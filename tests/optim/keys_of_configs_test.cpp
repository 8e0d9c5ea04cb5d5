#include <recur/optim/config.h>
#include <recur/optim/schedule_config.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace recur;
using namespace recur::optim;
using nlohmann::json;

namespace {

ConfigKey find(const std::vector<ConfigKey>& keys, const char* name) {
  const auto at = std::ranges::find(keys, name, &ConfigKey::name);
  BOOST_REQUIRE_MESSAGE(at != keys.end(), name);
  return *at;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keys_of_configs)

BOOST_AUTO_TEST_CASE(defaults_that_are_listed_are_those_of_an_empty_config) {
  for (const std::string& name : config_names()) {
    json given = json::object();
    for (const ConfigKey& key : config_keys(name))
      if (!key.otherwise.empty()) given[key.name] = json::parse(key.otherwise);
    const OptimizerConfig with_all = get_config(from_config(name, given));
    const OptimizerConfig with_none = get_config(from_config(name, "{}"));
    BOOST_TEST(with_all.class_name == with_none.class_name);
    BOOST_TEST(with_all.config == with_none.config, name << ": " << with_all.config << " " << with_none.config);
  }
}

BOOST_AUTO_TEST_CASE(keys_have_the_names_of_the_convention) {
  const auto keras = config_keys("keras.optimizers.Adam");
  BOOST_TEST(find(keras, "learning_rate").kind == "a number or a schedule");
  BOOST_TEST(find(keras, "beta_2").otherwise == "0.999");
  BOOST_TEST(find(keras, "epsilon").otherwise == "1e-07");
  BOOST_TEST(find(keras, "exclude_from_weight_decay").kind == "a list of texts");
  const auto torch = config_keys("torch.optim.Adam");
  BOOST_TEST(find(torch, "betas").otherwise == "[0.9,0.999]");
  BOOST_TEST(find(torch, "eps").otherwise == "1e-08");
  BOOST_TEST(find(torch, "foreach").kind == "ignored");
  BOOST_CHECK_THROW((void)config_keys("keras.optimizers.Adan"), ValueError);
}

BOOST_AUTO_TEST_CASE(schedules_need_what_is_listed_as_required) {
  for (const std::string& name : schedule_names()) {
    for (const ConfigKey& left_out : schedule_keys(name)) {
      if (!left_out.required) continue;
      json given = json::object();
      for (const ConfigKey& key : schedule_keys(name))
        if (key.required && key.name != left_out.name)
          given[key.name] = key.kind.starts_with("a list") ? json::array({1}) : json(1);
      const json config = {{"class_name", name}, {"config", given}};
      BOOST_CHECK_EXCEPTION((void)schedule_from_config(config.dump()), ValueError, [&](const ValueError& error) {
        return std::string(error.what()).find("needs " + left_out.name) != std::string::npos;
      });
    }
  }
  BOOST_TEST(find(schedule_keys("CosineDecay"), "alpha").otherwise == "0.0");
  BOOST_CHECK_THROW((void)schedule_keys("Cosine"), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
