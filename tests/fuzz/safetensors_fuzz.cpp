#include <recur/io/safetensors.h>

#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  read_as_file(bytes, count, [](const std::filesystem::path& path) { (void)recur::load_safetensors(path); });
  return 0;
}
