#include <recur/framework/autodiff/arena.h>
#include <recur/framework/tensor/address_sanitizer.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using namespace recur;

BOOST_AUTO_TEST_SUITE(arena)

BOOST_AUTO_TEST_CASE(memory_is_aligned_and_apart) {
  Arena arena;
  std::vector<std::span<std::byte>> parts;
  for (Index bytes : {1, 63, 64, 65, 5000, 3 << 20, 7}) {
    const auto part = arena.array<std::byte>(bytes);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(part.data()) % buffer_alignment == 0U);
    std::fill(part.begin(), part.end(), static_cast<std::byte>(parts.size()));
    parts.push_back(part);
  }
  for (std::size_t i = 0; i < parts.size(); ++i)
    BOOST_TEST(
        std::all_of(parts[i].begin(), parts[i].end(), [&](std::byte b) { return b == static_cast<std::byte>(i); }));
}

BOOST_AUTO_TEST_CASE(the_second_pass_gets_the_same_memory) {
  Arena arena;
  const auto pass = [&] {
    arena.reset();
    std::vector<void*> at;
    for (std::size_t i = 0; i < 50; ++i) at.push_back(arena.allocate(100000 + 1000 * i));
    return at;
  };
  const auto first = pass();
  const std::size_t capacity = arena.capacity();
  BOOST_TEST(pass() == first, boost::test_tools::per_element());
  BOOST_TEST(arena.capacity() == capacity);
}

BOOST_AUTO_TEST_CASE(rewind_gives_up_what_came_after) {
  Arena arena;
  int* const kept = arena.make<int>(42);
  const Arena::Mark mark = arena.mark();
  void* const first = arena.allocate(1000);
  (void)arena.allocate(std::size_t{5} << 20);
  arena.rewind(mark);
  BOOST_TEST(arena.allocate(1000) == first);
  BOOST_TEST(*kept == 42);
}

BOOST_AUTO_TEST_CASE(sanitizers_know_what_was_given_up) {
  Arena arena;
  const void* const kept = arena.allocate(100);
  const Arena::Mark mark = arena.mark();
  const void* const given_up = arena.allocate(100);
  BOOST_TEST(!detail::is_poisoned(given_up));
  arena.rewind(mark);
  BOOST_TEST(detail::is_poisoned(given_up) == detail::address_sanitizer);
  BOOST_TEST(!detail::is_poisoned(kept));
  BOOST_TEST(arena.allocate(100) == given_up);
  BOOST_TEST(!detail::is_poisoned(given_up));
}

BOOST_AUTO_TEST_CASE(a_smaller_block_left_behind_is_used_again) {
  Arena arena;
  (void)arena.allocate(100);
  (void)arena.allocate(std::size_t{10} << 20);
  arena.reset();
  const std::size_t capacity = arena.capacity();
  (void)arena.allocate(std::size_t{10} << 20);  // does not fit the first block
  (void)arena.allocate(100);
  BOOST_TEST(arena.capacity() <= capacity + (std::size_t{12} << 20));
}

BOOST_AUTO_TEST_CASE(large_buffers_start_at_different_cache_sets) {
  Arena arena(320);
  const auto set_of = [](void* p) { return reinterpret_cast<std::uintptr_t>(p) % 4096; };
  const auto first = set_of(arena.allocate(8192));
  BOOST_TEST(set_of(arena.allocate(8192)) != first);
}

BOOST_AUTO_TEST_SUITE_END()
