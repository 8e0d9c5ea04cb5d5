#include <recur/layers/config/config.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace recur;
using nlohmann::json;

namespace {

// A config with the required keys and, with `all`, those that have a default. Null if a layer or cell is required.
json config_of(const std::string& name, const std::vector<ConfigKey>& keys, bool all) {
  json config = json::object();
  for (const ConfigKey& key : keys) {
    if (key.required && key.kind != "a whole number") return {};
    if (key.required) config[key.name] = 2;
    else if (all && !key.otherwise.empty()) config[key.name] = json::parse(key.otherwise);
  }
  return {{"class_name", name}, {"config", config}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keys_of_configs)

BOOST_AUTO_TEST_CASE(defaults_that_are_listed_are_those_of_a_config_without_them) {
  const Registry registry;
  int compared = 0;
  for (const std::string& name : registry.layer_names()) {
    const auto keys = layer_keys(registry, name);
    const json with_all = config_of(name, keys, true), with_none = config_of(name, keys, false);
    if (with_none.is_null()) continue;
    BOOST_TEST(get_config(layer_from_config(with_all.dump())) == get_config(layer_from_config(with_none.dump())));
    ++compared;
  }
  for (const std::string& name : registry.cell_names()) {
    const auto keys = cell_keys(registry, name);
    const json with_all = config_of(name, keys, true), with_none = config_of(name, keys, false);
    if (with_none.is_null()) continue;
    BOOST_TEST(get_config(cell_from_config(with_all.dump())) == get_config(cell_from_config(with_none.dump())));
    ++compared;
  }
  BOOST_TEST(compared >= 20);
}

BOOST_AUTO_TEST_CASE(kinds_and_required_keys_are_told) {
  const Registry registry;
  const auto keys = layer_keys(registry, "LSTM");
  BOOST_TEST(keys.front().name == "units");
  BOOST_TEST(keys.front().required);
  const auto at = std::ranges::find(keys, "kernel_initializer", &ConfigKey::name);
  BOOST_REQUIRE(at != keys.end());
  BOOST_TEST(at->kind == "an initializer");
  BOOST_TEST(at->otherwise == "\"GlorotUniform\"");
  BOOST_TEST(layer_keys(registry, "Sequential").front().kind == "a list of layers");
  BOOST_CHECK_THROW((void)layer_keys(registry, "LSTMM"), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
