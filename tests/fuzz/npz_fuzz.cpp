#include <recur/io/npz.h>

#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  read_as_file(bytes, count, [](const std::filesystem::path& path) {
    const recur::NpzFile npz(path);
    for (const std::string& name : npz.names()) (void)npz.load<double>(name);
  });
  return 0;
}
