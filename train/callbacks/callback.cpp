#include <recur/train/callbacks/callback.h>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace recur::detail {

std::string class_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    &std::free);
  const std::string name = text ? text.get() : type.name();
  const auto colon = name.rfind(':', name.find('<'));
  return colon == std::string::npos ? name : name.substr(colon + 1);
}

}  // namespace recur::detail
