#include <recur/framework/autodiff/arena.h>

#include <algorithm>
#include <functional>

namespace recur {
namespace {

constexpr std::size_t first_block = std::size_t{1} << 20;
constexpr std::size_t huge_page = std::size_t{2} << 20;

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

void Arena::enter_block(std::size_t block, std::size_t used) {
  block_ = block;
  used_ = used;
  begin_ = block < blocks_.size() ? blocks_[block].memory.get() : nullptr;
  available_ = block < blocks_.size() ? blocks_[block].size : 0;
}

void Arena::next_block(std::size_t bytes) {
  const std::size_t next = blocks_.empty() ? 0 : block_ + 1;
  std::size_t found = next;
  while (found < blocks_.size() && blocks_[found].size < bytes) ++found;
  if (found == blocks_.size()) {
    // Each block is as large as all before it, up to a bound, so that long sequences need few of them.
    constexpr std::size_t growth_bound = std::size_t{64} << 20;
    const std::size_t size = round_up(std::max({bytes, first_block, std::min(capacity(), growth_bound)}), huge_page);
    blocks_.push_back({detail::allocate_buffer<std::byte>(size, buffer_alignment), size});
    // A Var kept over a reset is reported where it is used.
    detail::poison(blocks_.back().memory.get(), size);
  }
  // A block that was too small for this request may serve later ones of the same pass.
  if (found != next) std::swap(blocks_[found], blocks_[next]);
  enter_block(next, 0);
}

bool Arena::is_after(const Mark& mark, const void* at) const {
  for (std::size_t b = mark.block; b < blocks_.size() && b <= block_; ++b) {
    const std::byte* const begin = blocks_[b].memory.get();
    const std::less<> before;
    if (!before(at, static_cast<const void*>(begin + (b == mark.block ? mark.used : 0))) &&
        before(at, static_cast<const void*>(begin + blocks_[b].size)))
      return true;
  }
  return false;
}

void Arena::rewind(Mark mark) {
  for (std::size_t b = mark.block; b < blocks_.size() && b <= block_; ++b) {
    const std::size_t begin = b == mark.block ? mark.used : 0;
    detail::poison(blocks_[b].memory.get() + begin, blocks_[b].size - begin);
  }
  enter_block(mark.block, mark.used);
  total_ = mark.total;
}

std::size_t Arena::capacity() const {
  std::size_t total = 0;
  for (const Block& block : blocks_) total += block.size;
  return total;
}

}  // namespace recur
