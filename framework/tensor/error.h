#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace recur {

/// Base of everything Recur throws. The message starts with the name of the function that refuses, contains the
/// shapes or values it was given and, where the usual mistake is known, a hint.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Operands whose shapes do not fit each other.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An argument outside its range: a negative size, an unknown name, an index past the end.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// An object used at the wrong time: a layer that was not built, a value whose tape was reset.
class StateError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be read or written, is cut short, of another kind, or lies about its sizes.
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
