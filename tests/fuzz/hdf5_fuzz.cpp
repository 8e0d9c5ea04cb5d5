#include <recur/interop/keras/keras_files.h>
#include <recur/io/hdf5.h>

#include "input_file.h"

namespace {

void read_all(const recur::Hdf5File& file, const recur::Hdf5File::Object& object) {
  for (const auto& [name, place] : object.children) {
    try {
      if (file[place].is_dataset) (void)file.read(file[place], name);
    } catch (const recur::Error&) {
    }
    read_all(file, file[place]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  try {
    const recur::Hdf5File file(std::string(reinterpret_cast<const char*>(bytes), count), "fuzz");
    read_all(file, file.root());
  } catch (const recur::Error&) {
  }
  read_as_file(bytes, count, [](const std::filesystem::path& path) { (void)recur::interop::load_h5_tensors(path); });
  return 0;
}
