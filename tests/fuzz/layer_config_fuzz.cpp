#include <recur/framework/tensor/error.h>
#include <recur/layers/config/config.h>

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), count);
  try {
    recur::AnyLayer layer = recur::layer_from_config(text);
    (void)recur::layer_from_config(recur::get_config(layer));  // what was accepted is written and read again
  } catch (const recur::Error&) {
  }
  return 0;
}
