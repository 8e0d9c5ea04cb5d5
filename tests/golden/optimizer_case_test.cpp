#include "optimizer_case.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

using namespace recur;
using nlohmann::json;

namespace {

/// The optimizers' reference vectors in RECUR_GOLDEN, or in the folders beside the tests and the sources.
std::vector<std::filesystem::path> optimizer_cases() {
  const std::filesystem::path source = RECUR_SOURCE_DIR;
  std::vector<std::filesystem::path> folders = {source / "tests/golden", source / "../shared/golden"};
  if (const char* given = std::getenv("RECUR_GOLDEN")) folders = {given};
  std::vector<std::filesystem::path> found;
  for (const auto& folder : folders) {
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const auto& path = entry.path();
      if (path.filename().string().starts_with("optim_") && path.extension() == ".json") found.push_back(path);
    }
  }
  return found;
}

/// One step of plain gradient descent, 1 - 0.5 · 2 = 0; with another expected value it must fail.
json tiny_case(double expected) {
  const auto array = [](double value) { return json{{"shape", {1}}, {"data", {value}}}; };
  const json tolerance{{"rtol", 1e-6}, {"atol", 1e-6}};
  return {{"optimizer", {{"class_name", "torch.optim.SGD"}, {"config", {{"lr", 0.5}}}}},
          {"parameters", json::array({array(1)})},
          {"gradients", json::array({json::array({array(2)})})},
          {"expected", json::array({json::array({array(expected)})})},
          {"tolerance", {{"float32", tolerance}, {"float64", tolerance}}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(optimizer_case)

BOOST_AUTO_TEST_CASE(tells_right_from_wrong) {
  BOOST_TEST(golden::run_optimizer_case(tiny_case(0), DType::float32).passed);
  const auto wrong = golden::run_optimizer_case(tiny_case(1e-5), DType::float64);
  BOOST_TEST(!wrong.passed);
  BOOST_TEST(wrong.max_error > 1);
  BOOST_TEST(wrong.message.starts_with("step 1, parameter 0, element 0: 0, expected 1e-05"));
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(!golden::run_optimizer_case(tiny_case(nothing), DType::float64).passed);
}

BOOST_AUTO_TEST_CASE(all_reference_vectors_in_both_precisions) {
  const auto cases = optimizer_cases();
  BOOST_TEST(!cases.empty());
  for (const auto& path : cases) {
    const json file = json::parse(std::ifstream(path));
    for (const DType dtype : {DType::float32, DType::float64}) {
      const auto result = golden::run_optimizer_case(file, dtype);
      BOOST_TEST(result.passed, path.filename() << " in " << name(dtype) << ": " << result.message);
      BOOST_TEST_MESSAGE(path.filename() << " in " << name(dtype) << ": largest error " << result.max_error
                                         << " of the tolerance");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
