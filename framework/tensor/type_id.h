#pragma once

#include <string>
#include <typeinfo>

namespace recur::detail {

template <class T>
inline constexpr char key_of_type = 0;

/// Returns what the compiler says of type T, for `type_name`.
template <class T>
[[nodiscard]] const char* type_text() {
#ifdef __cpp_rtti
  return typeid(T).name();
#else
  return __PRETTY_FUNCTION__;
#endif
}

/// Returns the name of a type as C++ writes it, from the result of `type_text`.
[[nodiscard]] std::string type_name(const char* text);

/// Tells types apart by the address of a constant that every type has. Takes the place of std::type_info, so that
/// programs with Recur's headers compile with -fno-rtti, and work with a library that was compiled without that flag.
class TypeId {
 public:
  template <class T>
  [[nodiscard]] static constexpr TypeId of() {
    return TypeId(&key_of_type<T>);
  }
  [[nodiscard]] friend constexpr bool operator==(TypeId, TypeId) = default;

 private:
  explicit constexpr TypeId(const char* key) : key_(key) {}
  const char* key_;
};

}  // namespace recur::detail
