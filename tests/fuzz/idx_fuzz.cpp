#include <recur/io/idx.h>

#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  read_as_file(bytes, count, [](const std::filesystem::path& path) {
    (void)recur::load_idx<float>(path);
    (void)recur::load_idx<std::uint8_t>(path);
  });
  return 0;
}
