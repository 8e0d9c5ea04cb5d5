#include <recur/layers/config/dialect.h>

#include <cstdlib>

namespace recur {

Dialect Dialect::of(const std::string& version, bool module) const {
  Dialect result = *this;
  if (stated) return result;
  if (version.empty()) {
    result.keras3 = keras3 || module;
    return result;
  }
  const int major = std::atoi(version.c_str());
  const auto dot = version.find('.');
  const int minor = dot == std::string::npos ? 0 : std::atoi(version.c_str() + dot + 1);
  result.stated = true;
  result.keras3 = major >= 3;
  result.before_reset_after = major < 2 || (major == 2 && minor <= 2);
  return result;
}

}  // namespace recur
