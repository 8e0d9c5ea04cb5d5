#include <recur/interop/import.h>

#include "input_file.h"

// Every format, by its bytes, up to a model that is built.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  read_as_file(bytes, count, [](const std::filesystem::path& path) {
    (void)recur::interop::build(recur::interop::import_model(path));
  });
  return 0;
}
