// Runs reference vectors against the library: builds each file's model, loads its weights, and compares outputs,
// states, losses and every gradient within the file's tolerance. Exit status 0 when all pass.
//
//   run_golden [--dtype float64|float32] FILE|FOLDER...

#include "optimizer_case.h"
#include "recurrent_case.h"
#include "training_case.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace {

using namespace recur;
using namespace recur::golden;
namespace fs = std::filesystem;

CaseResult run_case(const Json& file, DType dtype) {
  const std::string kind = file.value("kind", file.contains("model") ? "recurrent" : "optimizer");
  if (kind == "training") return run_training_case(file, dtype);
  if (kind == "recurrent") return run_recurrent_case(file, dtype);
  require<FormatError>(kind == "optimizer", "case: kind '{}' is not known", kind);
  return run_optimizer_case(file, dtype);
}

bool run_file(const fs::path& path, DType dtype) {
  std::string failure;
  try {
    std::ifstream stream(path);
    require<FormatError>(stream.good(), "cannot be read");
    const Json file = Json::parse(stream);
    const CaseResult result = run_case(file, dtype);
    if (result.passed) {
      fmt::print("pass  {} (largest error: {:.2g} of the tolerance)\n", path.stem().string(), result.max_error);
      return true;
    }
    failure = result.message;
  } catch (const std::exception& error) {
    failure = error.what();
  }
  fmt::print("FAIL  {}: {}\n", path.stem().string(), failure);
  return false;
}

std::vector<fs::path> files_of(const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  for (const fs::path name : names) {
    if (!fs::is_directory(name)) {
      files.push_back(name);
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(name))
      if (entry.path().extension() == ".json") inside.push_back(entry.path());
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs reference vectors against the library");
  std::string dtype = "float64";
  std::vector<std::string> names;
  app.add_option("--dtype", dtype, "number type to compute with")->check(CLI::IsMember({"float64", "float32"}));
  app.add_option("files", names, "files of cases, or folders of them")->required();
  CLI11_PARSE(app, argc, argv);

  int passed = 0;
  int failed = 0;
  for (const fs::path& file : files_of(names))
    ++(run_file(file, dtype == "float64" ? DType::float64 : DType::float32) ? passed : failed);
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
