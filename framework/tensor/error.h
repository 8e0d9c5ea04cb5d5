#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

#ifndef __cpp_exceptions
#error "Recur reports errors by exceptions: compile without -fno-exceptions"
#endif

namespace recur {

/// Base of all exceptions of Recur. A message begins with the name of the function that throws, has the shapes or
/// values it was given, and a hint where the usual mistake is known.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown if shapes do not fit each other.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// Thrown if an argument is outside its range: a negative size, an unknown name, an index past the end.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// Thrown if an object is used at the wrong time: a layer that was not built, a value whose tape was reset.
class StateError : public Error {
 public:
  using Error::Error;
};

/// Thrown if a file cannot be read or written, is cut short, of another kind, or inconsistent.
class FormatError : public Error {
 public:
  using Error::Error;
};

/// Throws `E` with the formatted message.
template <class E = ValueError, class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> message, Args&&... args) {
  throw E(fmt::vformat(message, fmt::make_format_args(args...)));
}

/// Throws `E` with the formatted message unless `condition` holds.
template <class E = ShapeError, class... Args>
void require(bool condition, fmt::format_string<Args...> message, Args&&... args) {
  if (!condition) [[unlikely]]
    throw E(fmt::vformat(message, fmt::make_format_args(args...)));
}

}  // namespace recur
