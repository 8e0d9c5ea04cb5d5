#pragma once

#include <cstddef>
#include <optional>
#include <string>

// Included by the module that is built with MPI alone: nothing of the library may be needed here.

namespace recur::distributed {

/// A short text from another rank.
struct Note {
  int from = 0;
  std::string text;
};

/// Carries bytes between ranks without waiting. One thread makes it and calls it.
class Link {
 public:
  using Request = std::size_t;

  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  virtual ~Link() = default;

  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;

  /// Begins to send. `bytes` must stay as they are until `done`. Messages to one rank with one tag arrive in their
  /// order. Tags are from 0 to 32767, counts below 2^31. Throws std::runtime_error if it fails.
  [[nodiscard]] virtual Request send(int to, int tag, const void* bytes, std::size_t count) = 0;
  /// Begins to receive `count` bytes. Throws std::runtime_error if it fails.
  [[nodiscard]] virtual Request receive(int from, int tag, void* bytes, std::size_t count) = 0;
  /// Returns whether a request is complete; a request that is complete must not be used again. Throws
  /// std::runtime_error if it has failed.
  [[nodiscard]] virtual bool done(Request request) = 0;
  /// Gives up all requests, so that their memory may be freed.
  virtual void cancel() = 0;

  /// Sends a text of at most `longest_note` bytes beside all other messages.
  virtual void post(int to, const std::string& text) = 0;
  /// Returns the next text that has arrived.
  [[nodiscard]] virtual std::optional<Note> poll() = 0;
  static constexpr std::size_t longest_note = 2000;

  /// Ends the use of the link, on all ranks: waits for them if `orderly`, otherwise ends the processes of the job with
  /// status 1 where it can.
  virtual void end(bool orderly) = 0;
};

/// Symbol of the module's function that makes its link, and its type. The number changes with this interface.
inline constexpr const char* link_symbol = "recur_open_link_1";
using OpenLink = Link* (*)();

}  // namespace recur::distributed
