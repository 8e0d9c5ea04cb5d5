#include <recur/train/callbacks/callback.h>

namespace recur::detail {

std::string class_name(const std::string& type) {
  const auto colon = type.rfind(':', type.find('<'));
  return colon == std::string::npos ? type : type.substr(colon + 1);
}

}  // namespace recur::detail
