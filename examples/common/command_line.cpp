#include "command_line.h"

#include <recur/framework/error.h>

#include <charconv>
#include <cstdio>

namespace recur::examples {

int run(CLI::App& app, int argc, char** argv, const std::function<void()>& program) {
  constexpr int bad_input = 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_input;
  }
  try {
    program();
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return bad_input;
  }
  return 0;
}

long metadata_number(const std::map<std::string, std::string>& metadata, const std::string& key,
                     const std::string& file) {
  const auto found = metadata.find(key);
  require<FormatError>(found != metadata.end(), "{}: no '{}' in its metadata (was it saved by this program?)", file,
                       key);
  const std::string& text = found->second;
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  require<FormatError>(error == std::errc() && end == text.data() + text.size(), "{}: '{}' is '{}', not a number", file,
                       key, text);
  return number;
}

}  // namespace recur::examples
