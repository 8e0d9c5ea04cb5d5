#include <recur/train/loop/checkpoint.h>

#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  read_as_file(bytes, count, [](const std::filesystem::path& path) { (void)recur::load_checkpoint(path); });
  return 0;
}
