#include <recur/framework/tensor/error.h>
#include <recur/optim/config.h>
#include <recur/optim/schedule_config.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

// The first line is the class, the rest its config; the rest is read as a schedule as well.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), count);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string_view config = text.substr(std::min(line + 1, text.size()));
  try {
    (void)recur::optim::from_config(text.substr(0, line), config);
  } catch (const recur::Error&) {
  }
  try {
    (void)recur::optim::schedule_from_config(config)(1000);
  } catch (const recur::Error&) {
  }
  return 0;
}
