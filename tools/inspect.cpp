// Commands that look into a file or model: inspect and grad-check.

#include <recur/framework/check/gradcheck.h>
#include <recur/io/model_file.h>

#include <cstdio>

#include "commands.h"
#include "import.h"
#include "run.h"
#include "seed.h"
#include "task.h"

namespace recur::tools {

void inspect(const Flags& flags) {
  using Json = Settings::Json;
  const std::filesystem::path path = flags.file;
  if (!std::filesystem::is_directory(path) && inspect_foreign(path, flags.json)) return;
  const SafetensorsFile file = load_model_file(std::filesystem::is_directory(path) ? path / "model.safetensors" : path);
  Json arrays = Json::array();
  Index total = 0;
  for (const auto& [name, array] : file.arrays) {
    std::vector<Index> sizes;
    for (int axis = 0; axis < array.shape().rank(); ++axis) sizes.push_back(array.shape()[axis]);
    arrays.push_back({{"name", name}, {"dtype", recur::name(array.dtype())}, {"shape", sizes}});
    total += array.size();
    if (!flags.json) fmt::print("{:8} {:16} {}\n", recur::name(array.dtype()), fmt::format("{}", array.shape()), name);
  }
  for (const auto& [name, tensor] : file.integers) {
    const auto sizes = tensor.shape().sizes();
    arrays.push_back({{"name", name}, {"dtype", "integer"}, {"shape", std::vector<Index>(sizes.begin(), sizes.end())}});
    if (!flags.json) fmt::print("{:8} {:16} {}\n", "integer", fmt::format("{}", tensor.shape()), name);
  }
  if (flags.json) {
    fmt::print("{}\n", Json{{"arrays", arrays}, {"numbers", total}, {"metadata", file.metadata}}.dump(
                           -1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{} arrays, {} numbers\n", file.arrays.size() + file.integers.size(), total);
  for (const auto& [key, text] : file.metadata)
    fmt::print("{}: {}{}\n", key, text.substr(0, 200), text.size() > 200 ? " …" : "");
}

void check_gradients(const Flags& flags) {
  Settings settings = Settings::load(flags.file);
  for (const std::string& assignment : flags.set) settings.set(assignment);
  const std::uint64_t seed = read_seed(settings, flags);
  (void)Run(settings, "");
  Task task(settings, {.seed = seed, .dtype = DType::float64, .batch = 2, .registry = flags.registry});
  settings.finish();
  const PaddedBatch batch = task.training()[0];
  std::vector<Parameter*> list;
  for (const NamedParameter& named : task.parameters()) list.push_back(named.parameter);
  const auto loss = [&](Tape& tape, std::span<const Var>) {
    task.reset_states();
    return task.loss(tape, batch).value;
  };
  const GradcheckResult result = gradcheck(loss, {}, list, {.seed = seed + 1});
  if (flags.json) fmt::print("{}\n", Settings::Json{{"passed", result.passed}, {"error", result.error}}.dump());
  else fmt::print("{}: largest error {:.2g}\n", result.passed ? "passed" : "failed", result.error);
  std::fflush(stdout);
  require<Error>(result.passed, "{}", result.message);
}

}  // namespace recur::tools
