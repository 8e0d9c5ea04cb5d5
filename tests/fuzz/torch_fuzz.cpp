#include <recur/interop/torch/pickle.h>
#include <recur/interop/torch/torch_file.h>

#include "input_file.h"

// A pickle alone, which a zip archive's checksums would hide, and a whole file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  try {
    (void)recur::interop::read_pickle({reinterpret_cast<const char*>(bytes), count}, "fuzz");
  } catch (const recur::Error&) {
  }
  read_as_file(bytes, count, [](const std::filesystem::path& path) { (void)recur::interop::load_torch(path); });
  return 0;
}
