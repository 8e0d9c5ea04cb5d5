#pragma once

#include <recur/framework/tensor/address_sanitizer.h>
#include <recur/framework/tensor/tensor.h>

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace recur {

/// Memory handed out by moving a pointer and taken back all at once. Blocks are kept, so a second pass that asks for
/// the same sizes in the same order allocates nothing. No destructor is ever run: plain data only.
class Arena {
 public:
  /// `colour`: bytes left unused after every large buffer. Buffers whose sizes are multiples of 4 KiB would otherwise
  /// all map to the same cache sets, and a fused loop reads a dozen of them at the same offset.
  /// `alignment`: of all memory handed out, a power of two.
  explicit Arena(std::size_t colour = 0, std::size_t alignment = buffer_alignment)
      : colour_(colour), alignment_(alignment) {}

  /// Returns memory on a boundary of `alignment`; contents are whatever was there before.
  [[nodiscard]] void* allocate(std::size_t bytes) {
    const std::size_t need = ((bytes + alignment_ - 1) & ~(alignment_ - 1)) + (bytes >= large_buffer ? colour_ : 0);
    if (need > available_ - used_) [[unlikely]]
      next_block(need);
    std::byte* const at = begin_ + used_;
    used_ += need;
    total_ += need;
    if constexpr (detail::address_sanitizer) detail::unpoison(at, bytes);
    return at;
  }
  /// Room for `count` values of plain type, uninitialized.
  template <class T>
  [[nodiscard]] std::span<T> array(Index count) {
    static_assert(std::is_trivially_destructible_v<T>, "the arena never runs destructors");
    const auto n = static_cast<std::size_t>(count);
    return {static_cast<T*>(allocate(n * sizeof(T))), n};
  }
  /// A plain object constructed in the arena.
  template <class T, class... Args>
  [[nodiscard]] T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "the arena never runs destructors: hold Vars and numbers only");
    return ::new (allocate(sizeof(T))) T{std::forward<Args>(args)...};
  }

  /// A position to come back to: everything allocated after it is given up by `rewind`.
  struct Mark {
    std::size_t block = 0;
    std::size_t used = 0;
    std::size_t total = 0;  ///< Bytes handed out before it, without what is lost at the ends of blocks.
  };
  [[nodiscard]] Mark mark() const { return {block_, used_, total_}; }
  /// Returns true if the memory at `at`, of this arena, was allocated after `mark`.
  [[nodiscard]] bool is_after(const Mark& mark, const void* at) const;
  void rewind(Mark mark);
  /// Gives everything up; the blocks stay.
  void reset() { rewind({}); }
  /// Bytes of all blocks together.
  [[nodiscard]] std::size_t capacity() const;

 private:
  struct Block {
    detail::Buffer<std::byte> memory;
    std::size_t size = 0;
  };
  void next_block(std::size_t bytes);
  void enter_block(std::size_t block, std::size_t used);

  static constexpr std::size_t large_buffer = 1024;

  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::byte* begin_ = nullptr;  // of the present block
  std::size_t available_ = 0;   // its size
  std::size_t used_ = 0;
  std::size_t total_ = 0;
  std::size_t colour_;
  std::size_t alignment_;
};

}  // namespace recur
