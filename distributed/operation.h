#pragma once

#include <recur/distributed/link.h>
#include <recur/train/loop/world.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur::distributed {

/// Memory of sums that is kept from one to the next: fresh pages cost more than the sum.
class Workspace {
 public:
  /// Makes room for `bytes` in all and forgets what was taken.
  void reserve(std::size_t bytes) {
    if (bytes > size_) memory_ = std::make_unique_for_overwrite<std::byte[]>(size_ = bytes);
    taken_ = 0;
  }
  /// Returns memory for `count` numbers, without values; at most what was reserved.
  template <class T>
  [[nodiscard]] std::span<T> take(std::size_t count) {
    T* const values = reinterpret_cast<T*>(memory_.get() + taken_);
    taken_ += bytes_of<T>(count);
    return {values, count};
  }
  /// Returns the bytes that `take` needs for `count` numbers.
  template <class T>
  [[nodiscard]] static std::size_t bytes_of(std::size_t count) {
    return (count * sizeof(T) + 63) / 64 * 64;
  }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_ = 0, taken_ = 0;
};

/// One exchange between all ranks over a link. The thread that has the link calls `advance` until it returns true.
///
/// It begins with a header from every rank to every other: operations that differ are refused before data is taken for
/// something else.
class Operation {
 public:
  enum class Kind : std::uint32_t { gather = 1, broadcast, sum };

  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() = default;

  /// Goes on with what has arrived. Returns true once it is complete. Throws StateError if a rank is at another
  /// operation, std::runtime_error if the link fails.
  [[nodiscard]] bool advance();
  /// Returns the ranks that are not at this operation yet.
  [[nodiscard]] std::vector<int> awaited() const;
  /// Returns how many bytes of data it has sent.
  [[nodiscard]] std::uint64_t bytes_sent() const { return sent_; }

 protected:
  /// @param bytes of data of this rank; equal on all ranks for a sum @param text sent with the header as far as it fits
  Operation(Link& link, std::uint64_t number, Kind kind, std::uint64_t bytes, std::string_view text = {});

  /// Called once all headers have arrived.
  virtual void begin() {}
  /// Called until it returns true.
  [[nodiscard]] virtual bool go_on() { return true; }

  struct Header {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    Kind kind = Kind::gather;
    std::array<char, 108> text{};
  };
  [[nodiscard]] const Header& header(int rank) const { return headers_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] Link& link() const { return link_; }
  [[nodiscard]] int rank() const { return link_.rank(); }
  [[nodiscard]] int size() const { return link_.size(); }
  [[nodiscard]] Link::Request begin_send(int to, int part, const void* bytes, std::size_t count);
  /// Sends, and leaves it to `advance` to wait until it has left.
  void send(int to, int part, const void* bytes, std::size_t count) {
    sending_.push_back(begin_send(to, part, bytes, count));
  }
  [[nodiscard]] Link::Request receive(int from, int part, void* bytes, std::size_t count);
  /// Returns true if everything that was sent has left.
  [[nodiscard]] bool all_sent();

 private:
  [[nodiscard]] int tag(int part) const;
  void check_headers() const;

  Link& link_;
  std::vector<Header> headers_;  // of all ranks
  std::vector<Link::Request> incoming_;
  std::vector<bool> arrived_;
  std::vector<Link::Request> sending_;
  std::uint64_t sent_ = 0;
  bool begun_ = false;
};

/// Returns an operation that puts the texts of all ranks into `all`, in their order.
[[nodiscard]] std::unique_ptr<Operation> make_gather(Link& link, std::uint64_t number, std::string_view own,
                                                     std::vector<std::string>& all);
/// Returns an operation that puts the text of rank 0 into `text` of every rank.
[[nodiscard]] std::unique_ptr<Operation> make_broadcast(Link& link, std::uint64_t number, std::string& text);
/// Returns an operation that adds `parts` up over the ranks, in their order. Rank r receives slice r of every part from
/// all others, adds, and sends the sum to all: as few bytes as a ring, and the same bits for any link.
[[nodiscard]] std::unique_ptr<Operation> make_sum(Link& link, std::uint64_t number, World::Parts parts,
                                                  World::Wire wire, Workspace& memory);
[[nodiscard]] std::unique_ptr<Operation> make_sum(Link& link, std::uint64_t number, World::DoubleParts parts,
                                                  Workspace& memory);

}  // namespace recur::distributed
