#include <recur/distributed/operation.h>

#include <recur/distributed/bf16.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace recur::distributed {
namespace {

// Parts below this many elements travel together, and no segment has more than that many.
constexpr std::size_t small_part = std::size_t{1} << 14U;
constexpr std::size_t large_segment = std::size_t{1} << 21U;
constexpr std::size_t most_segments = 500;
// Elements that are added up at a time, so that the sum stays in the cache.
constexpr std::size_t block = 4096;

// A contiguous range of numbers that is divided into a slice for each rank.
template <class T, class W>
struct Segment {
  std::span<T> values;
  std::span<W> room{};      // own slice, of all other ranks
  std::span<W> outgoing{};  // values, rounded
  std::vector<Link::Request> waiting{};
  bool added = false;
  bool complete = false;
};

template <class T, class W>
class Sum final : public Operation {
  static constexpr bool rounds = !std::is_same_v<T, W>;

 public:
  Sum(Link& link, std::uint64_t number, std::span<const std::span<T>> parts, Workspace& memory)
      : Operation(link, number, Kind::sum, bytes_of(parts) + (rounds ? 1 : 0)), parts_(parts), memory_(memory) {}

 private:
  using Part = Segment<T, W>;

  static std::uint64_t bytes_of(std::span<const std::span<T>> parts) {
    std::uint64_t bytes = 0;
    for (const std::span<T>& part : parts) bytes += part.size_bytes();
    return bytes;
  }
  [[nodiscard]] std::size_t first(const Part& segment, int rank) const {
    return segment.values.size() * static_cast<std::size_t>(rank) / static_cast<std::size_t>(size());
  }
  [[nodiscard]] std::size_t count(const Part& segment, int rank) const {
    return first(segment, rank + 1) - first(segment, rank);
  }

  void begin() override {
    divide();
    for (std::size_t i = 0; i < segments_.size(); ++i) exchange(segments_[i], static_cast<int>(1 + 2 * i));
  }

  void divide() {
    std::size_t packed = 0, all = 0;
    for (const std::span<T>& part : parts_) {
      if (part.size() < small_part) packed += part.size();
      all += part.size();
    }
    // A slice of each segment and rank, rounded up: 128 bytes for each of them are more than enough.
    const std::size_t most = std::max(large_segment, all / (most_segments / 4));
    const std::size_t segments = parts_.size() + all / most + 2;
    memory_.reserve(all * (sizeof(W) + (rounds ? sizeof(W) : 0)) + Workspace::bytes_of<T>(packed) +
                    segments * static_cast<std::size_t>(size() + 2) * 128);
    packed_ = memory_.take<T>(packed);
    auto to = packed_.begin();
    const auto add = [&](std::span<T> part) {
      for (std::size_t at = 0; at < part.size(); at += most)
        segments_.push_back({part.subspan(at, std::min(most, part.size() - at))});
    };
    for (const std::span<T>& part : parts_) {
      if (part.size() < small_part) to = std::copy(part.begin(), part.end(), to);
      else add(part);
    }
    if (packed > 0) add(packed_);
  }

  // Memory of a segment where the slice of another rank is received.
  [[nodiscard]] W* room_of(const Part& segment, int other) const {
    const int place = other < rank() ? other : other - 1;
    return segment.room.data() + count(segment, rank()) * static_cast<std::size_t>(place);
  }

  // Sends the slices of the others and receives the own slice of theirs.
  void exchange(Part& segment, int part) {
    const std::size_t own = count(segment, rank());
    segment.room = memory_.template take<W>(own * static_cast<std::size_t>(size() - 1));
    if constexpr (rounds) {
      segment.outgoing = memory_.template take<W>(segment.values.size());
      std::ranges::transform(segment.values, segment.outgoing.begin(), to_bf16);
    }
    for (int d = 1; d < size(); ++d) {
      const int other = (rank() + d) % size();
      if (own > 0) segment.waiting.push_back(receive(other, part, room_of(segment, other), own * sizeof(W)));
    }
    for (int d = 1; d < size(); ++d) {
      const int other = (rank() + d) % size();
      const std::size_t its = count(segment, other);
      if (its > 0)
        segment.waiting.push_back(begin_send(other, part, wire(segment, first(segment, other)), its * sizeof(W)));
    }
  }

  [[nodiscard]] W* wire(Part& segment, std::size_t at) const {
    if constexpr (rounds) return segment.outgoing.data() + at;
    else return segment.values.data() + at;
  }

  // Adds up the own slice, in the order of ranks.
  void add(Part& segment) {
    const std::size_t own = count(segment, rank());
    T* const sum = segment.values.data() + first(segment, rank());
    W* const mine = wire(segment, first(segment, rank()));
    std::array<W, block> kept;
    for (std::size_t at = 0; at < own; at += block) {
      const std::size_t n = std::min(block, own - at);
      std::copy_n(mine + at, n, kept.begin());
      for (int other = 0; other < size(); ++other) {
        const W* const its = other == rank() ? kept.data() : room_of(segment, other) + at;
        if (other == 0) std::transform(its, its + n, sum + at, value_of);
        else
          for (std::size_t i = 0; i < n; ++i) sum[at + i] += value_of(its[i]);
      }
    }
    if constexpr (rounds) std::transform(sum, sum + own, mine, to_bf16);
  }

  static T value_of(W value) {
    if constexpr (rounds) return from_bf16(value);
    else return value;
  }

  // Sends the sum of the own slice and receives those of the others.
  void share(Part& segment, int part) {
    const std::size_t own = count(segment, rank());
    for (int d = 1; d < size(); ++d) {
      const int other = (rank() + d) % size();
      if (count(segment, other) > 0)
        segment.waiting.push_back(
            receive(other, part, wire(segment, first(segment, other)), count(segment, other) * sizeof(W)));
    }
    for (int d = 1; d < size(); ++d)
      if (own > 0) send((rank() + d) % size(), part, wire(segment, first(segment, rank())), own * sizeof(W));
  }

  [[nodiscard]] bool go_on() override {
    bool all = true;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      Part& segment = segments_[i];
      if (segment.complete) continue;
      std::erase_if(segment.waiting, [this](Link::Request request) { return link().done(request); });
      // Not before slices have left: sums arrive in their place.
      if (segment.waiting.empty() && !segment.added) {
        add(segment);
        segment.added = true;
        share(segment, static_cast<int>(2 + 2 * i));
      }
      segment.complete = segment.added && segment.waiting.empty();
      all = all && segment.complete;
    }
    if (all && !put_back_ && all_sent()) put_back();
    return put_back_;
  }

  void put_back() {
    put_back_ = true;
    if constexpr (rounds)
      for (Part& segment : segments_) std::ranges::transform(segment.outgoing, segment.values.begin(), from_bf16);
    auto from = packed_.begin();
    for (const std::span<T>& part : parts_) {
      if (part.size() >= small_part) continue;
      std::copy_n(from, part.size(), part.begin());
      from += static_cast<std::ptrdiff_t>(part.size());
    }
  }

  std::span<const std::span<T>> parts_;
  Workspace& memory_;
  std::span<T> packed_;
  std::vector<Part> segments_;
  bool put_back_ = false;
};

}  // namespace

std::unique_ptr<Operation> make_sum(Link& link, std::uint64_t number, World::Parts parts, World::Wire wire,
                                    Workspace& memory) {
  if (wire == World::Wire::bf16) return std::make_unique<Sum<float, std::uint16_t>>(link, number, parts, memory);
  return std::make_unique<Sum<float, float>>(link, number, parts, memory);
}

std::unique_ptr<Operation> make_sum(Link& link, std::uint64_t number, World::DoubleParts parts, Workspace& memory) {
  return std::make_unique<Sum<double, double>>(link, number, parts, memory);
}

}  // namespace recur::distributed
