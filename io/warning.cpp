#include <recur/io/warning.h>

#include <cstdio>

namespace recur {

void print_warning_line(std::string_view text) noexcept {
  std::fprintf(stderr, "recur: warning: %.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace recur
