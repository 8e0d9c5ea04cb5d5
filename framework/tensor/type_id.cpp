#include <recur/framework/tensor/type_id.h>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace recur::detail {

std::string type_name(const char* text) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(text, nullptr, nullptr, &status), &std::free);
  if (name) return name.get();
  // "const char* recur::detail::type_text() [with T = int]" of GCC, "… [T = int]" of clang.
  const std::string_view whole = text;
  constexpr std::string_view before = "T = ";
  const auto bracket = whole.find('[');
  const auto first = bracket == std::string_view::npos ? bracket : whole.find(before, bracket);
  if (first == std::string_view::npos || !whole.ends_with(']')) return text;
  return std::string(whole.substr(first + before.size(), whole.size() - first - before.size() - 1));
}

}  // namespace recur::detail
