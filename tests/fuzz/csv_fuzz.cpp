#include <recur/io/csv.h>

#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  read_as_file(bytes, count, [](const std::filesystem::path& path) {
    for (const auto missing : {recur::MissingNumbers::nan, recur::MissingNumbers::interpolate}) {
      const recur::CsvTable table(path, {.missing = missing});
      for (const std::string& name : table.names()) {
        (void)table.texts(name);
        (void)table.column(name);
      }
    }
  });
  return 0;
}
