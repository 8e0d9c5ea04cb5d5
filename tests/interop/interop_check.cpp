// Does what a list of expectations says of the files beside it, FOLDER/expect.json: prints a line a row, and ends with
// `N passed, M failed`. Exit status 0 when none failed.
//
//   interop_check FOLDER

#include "expectation.h"

#include <recur/framework/tensor/error.h>

#include <fstream>

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: interop_check FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::map<std::string, std::pair<int, int>> formats;  // passed, failed
  int passed = 0;
  int failed = 0;
  try {
    std::ifstream stream(folder / "expect.json");
    recur::require<recur::FormatError>(stream.good(), "'{}' cannot be read", (folder / "expect.json").string());
    for (const nlohmann::json& row : nlohmann::json::parse(stream)) {
      recur::interop::RowResult result;
      try {
        result = recur::interop::check_row(row, folder);
      } catch (const std::exception& error) {
        result.message = fmt::format("not an error of Recur's: {}", error.what());
      }
      const std::string file = row.value("case", row.value("file", "?"));
      fmt::print("{}  {} ({}): {}\n", result.passed ? "pass" : "FAIL", file, row.value("format", ""), result.message);
      auto& [good, bad] = formats[row.value("format", "")];
      ++(result.passed ? good : bad);
      ++(result.passed ? passed : failed);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "interop_check: {}\n", error.what());
    return 1;
  }
  for (const auto& [format, counts] : formats)
    fmt::print("{}: {} of {}\n", format, counts.first, counts.first + counts.second);
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
