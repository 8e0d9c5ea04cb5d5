#include "ranks.h"

#include <recur/distributed/bf16.h>
#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <mutex>

namespace {

using namespace recur;

// Numbers of a rank whose sum depends on the order of additions.
template <class T>
std::vector<T> numbers(Index rank, std::size_t count) {
  std::vector<T> values(count);
  Generator(static_cast<std::uint64_t>(rank) + 1).fill_normal(values);
  for (std::size_t i = 0; i < count; i += 3) values[i] *= static_cast<T>(1e4);
  return values;
}

template <class T>
std::vector<T> sum_in_order(int ranks, std::size_t count) {
  std::vector<T> sum = numbers<T>(0, count);
  for (int rank = 1; rank < ranks; ++rank) {
    const std::vector<T> addend = numbers<T>(rank, count);
    for (std::size_t i = 0; i < count; ++i) sum[i] += addend[i];
  }
  return sum;
}

void require_nothing_thrown(const std::vector<std::string>& thrown) {
  for (const std::string& text : thrown) BOOST_TEST(text == "");
}

BOOST_AUTO_TEST_SUITE(world)

BOOST_AUTO_TEST_CASE(sums_are_in_the_order_of_ranks_whatever_their_size) {
  for (const int ranks : {2, 3, 4})
    for (const std::size_t count : {1U, 3U, 1000U, 16383U, 16384U, 100001U}) {
      std::mutex mutex;
      require_nothing_thrown(on_ranks(ranks, [&](World& world) {
        std::vector<float> all = numbers<float>(world.rank(), count);
        const std::span<float> part(all);
        world.sum(World::Parts(&part, 1));
        const std::lock_guard lock(mutex);
        BOOST_TEST((all == sum_in_order<float>(ranks, count)));
      }));
    }
}

BOOST_AUTO_TEST_CASE(sums_do_not_depend_on_when_messages_leave_and_arrive) {
  const distributed::NetworkModel slow{.latency = 2e-4, .bandwidth = 1e8};
  std::mutex mutex;
  require_nothing_thrown(on_ranks(
      3,
      [&](World& world) {
        for (int i = 0; i < 20; ++i) {
          std::vector<float> small = numbers<float>(world.rank(), 101), large = numbers<float>(world.rank(), 20001);
          const std::vector<std::span<float>> parts = {small, large};
          world.sum(parts);
          const std::lock_guard lock(mutex);
          BOOST_TEST((small == sum_in_order<float>(3, 101)));
          BOOST_TEST((large == sum_in_order<float>(3, 20001)));
        }
      },
      {}, slow));
}

BOOST_AUTO_TEST_CASE(parts_large_and_small_and_doubles_are_summed_in_one_call) {
  // The second part is longer than a segment.
  const std::vector<std::size_t> sizes = {5, (std::size_t{1} << 21U) + 7, 0, 30000, 2};
  std::mutex mutex;
  require_nothing_thrown(on_ranks(3, [&](World& world) {
    std::vector<std::vector<float>> floats;
    std::vector<std::vector<double>> doubles;
    for (const std::size_t size : sizes) {
      floats.push_back(numbers<float>(world.rank(), size));
      doubles.push_back(numbers<double>(world.rank(), size));
    }
    const std::vector<std::span<float>> float_parts(floats.begin(), floats.end());
    const std::vector<std::span<double>> double_parts(doubles.begin(), doubles.end());
    world.sum(float_parts);
    world.sum(double_parts);
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      BOOST_TEST((floats[i] == sum_in_order<float>(3, sizes[i])));
      BOOST_TEST((doubles[i] == sum_in_order<double>(3, sizes[i])));
    }
  }));
}

BOOST_AUTO_TEST_CASE(minus_zero_of_all_ranks_stays_minus_zero) {
  require_nothing_thrown(on_ranks(2, [](World& world) {
    std::vector<float> none = {-0.0F, world.rank() == 1 ? 2.0F : -0.0F};
    const std::span<float> part(none);
    world.sum(World::Parts(&part, 1));
    if (!std::signbit(none[0]) || none[1] != 2) throw StateError("sum of nothing");
  }));
}

BOOST_AUTO_TEST_CASE(bf16_rounds_addends_and_sum_and_sends_half_the_bytes) {
  BOOST_TEST(distributed::from_bf16(distributed::to_bf16(1.00390625F)) == 1.0F);  // half a unit, to even
  BOOST_TEST(distributed::from_bf16(distributed::to_bf16(1.01171875F)) == 1.015625F);
  BOOST_TEST(distributed::from_bf16(distributed::to_bf16(-3.4e38F)) == -std::numeric_limits<float>::infinity());
  BOOST_TEST(std::isnan(distributed::from_bf16(distributed::to_bf16(std::nanf("")))));
  constexpr std::size_t count = 50001;
  const auto rounded = [](float value) { return distributed::from_bf16(distributed::to_bf16(value)); };
  std::vector<float> wanted(count, 0);
  for (int rank = 0; rank < 3; ++rank) {
    const std::vector<float> addend = numbers<float>(rank, count);
    for (std::size_t i = 0; i < count; ++i) wanted[i] = rank == 0 ? rounded(addend[i]) : wanted[i] + rounded(addend[i]);
  }
  for (float& value : wanted) value = rounded(value);
  std::mutex mutex;
  require_nothing_thrown(on_ranks(3, [&](World& world) {
    std::vector<float> all = numbers<float>(world.rank(), count);
    const std::span<float> part(all);
    const std::uint64_t before = world.bytes_sent();
    world.sum(World::Parts(&part, 1), World::Wire::bf16);
    const std::uint64_t bytes = world.bytes_sent() - before;
    const std::lock_guard lock(mutex);
    BOOST_TEST((all == wanted));
    // Two thirds of the slices go out twice, at 2 bytes; headers are 256.
    BOOST_TEST(static_cast<double>(bytes) == 2 * 2.0 * count * 2 / 3, boost::test_tools::tolerance(0.01));
  }));
}

BOOST_AUTO_TEST_CASE(texts_of_any_length_are_gathered_and_that_of_rank_0_is_broadcast) {
  const auto text_of = [](Index rank) { return std::string(static_cast<std::size_t>(rank * rank * 90), 'a'); };
  std::mutex mutex;
  require_nothing_thrown(on_ranks(4, [&](World& world) {
    const std::vector<std::string> all = world.gather(text_of(world.rank()));
    const std::string first = world.broadcast(world.leads() ? std::string(100000, 'x') : "ignored");
    const bool any = world.any(world.rank() == 2), none = world.any(false);
    const std::lock_guard lock(mutex);
    BOOST_TEST(all.size() == 4U);
    for (Index rank = 0; rank < 4; ++rank) BOOST_TEST((all.at(static_cast<std::size_t>(rank)) == text_of(rank)));
    BOOST_TEST((first == std::string(100000, 'x')));
    BOOST_TEST(any);
    BOOST_TEST(!none);
  }));
}

BOOST_AUTO_TEST_CASE(what_one_rank_throws_is_thrown_on_all_with_its_text) {
  const auto thrown = on_ranks(3, [](World& world) {
    (void)world.any(false);
    require<ValueError>(world.rank() != 1, "cannot open 'text'");
    (void)world.any(true);
    (void)world.any(true);
  });
  BOOST_TEST(thrown[1] == "cannot open 'text'");
  for (const std::size_t rank : {0U, 2U}) {
    BOOST_TEST(thrown[rank].find("rank 1 of 3 on ") == 0U);
    BOOST_TEST(thrown[rank].find(": cannot open 'text'") != std::string::npos);
  }
}

// The rank that throws and ends may do both while the thread of its link rests between looking at the one and the
// other.
BOOST_AUTO_TEST_CASE(a_rank_that_throws_at_once_after_an_operation_is_heard_before_its_goodbye) {
  for (int i = 0; i < 200; ++i) {
    const auto thrown = on_ranks(2, [&](World& world) {
      (void)world.any(false);
      if (world.rank() == 1) throw ValueError("a loss that cannot be");
      (void)world.any(false);
    });
    BOOST_REQUIRE_MESSAGE(thrown[0].find("a loss that cannot be") != std::string::npos, i << ": " << thrown[0]);
  }
}

BOOST_AUTO_TEST_CASE(ranks_at_other_operations_are_told_so) {
  const auto thrown = on_ranks(2, [](World& world) {
    std::vector<float> values(world.rank() == 0 ? 10 : 11, 1);
    const std::span<float> part(values);
    world.sum(World::Parts(&part, 1));
  });
  for (const std::string& text : thrown) BOOST_TEST(text.find("a sum of 4") != std::string::npos);
  const auto ended = on_ranks(2, [](World& world) {
    if (world.leads()) (void)world.any(true);
  });
  BOOST_TEST(ended[0].find("rank 1 of 2") != std::string::npos);
  BOOST_TEST(ended[0].find("has ended") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(texts_that_differ_are_named) {
  for (const std::string& text : on_ranks(
           3, [](World& world) { world.require_same("test: config", world.rank() == 2 ? "epochs 5" : "epochs 4"); })) {
    BOOST_TEST(text.find("test: config: rank 0 of 3 on ") != std::string::npos);
    BOOST_TEST(text.find("has 'epochs 4', rank 2 of 3") != std::string::npos);
  }
}

// Loses what it is told to: all notes from one rank.
class DeafLink final : public distributed::Link {
 public:
  DeafLink(std::unique_ptr<Link> link, int silent) : link_(std::move(link)), silent_(silent) {}
  [[nodiscard]] int rank() const override { return link_->rank(); }
  [[nodiscard]] int size() const override { return link_->size(); }
  [[nodiscard]] Request send(int to, int tag, const void* bytes, std::size_t count) override {
    return link_->send(to, tag, bytes, count);
  }
  [[nodiscard]] Request receive(int from, int tag, void* bytes, std::size_t count) override {
    return link_->receive(from, tag, bytes, count);
  }
  [[nodiscard]] bool done(Request request) override { return link_->done(request); }
  void cancel() override { link_->cancel(); }
  void post(int to, const std::string& text) override { link_->post(to, text); }
  [[nodiscard]] std::optional<distributed::Note> poll() override {
    auto note = link_->poll();
    while (note && note->from == silent_) note = link_->poll();
    return note;
  }
  void end(bool orderly) override { link_->end(orderly); }

 private:
  std::unique_ptr<Link> link_;
  int silent_;
};

BOOST_AUTO_TEST_CASE(a_rank_without_signs_of_life_is_given_up_after_the_patience) {
  auto links = distributed::thread_links(2);
  std::string told;
  std::thread other([&] {
    distributed::LinkWorld world([&] { return std::move(links[1]); }, {.patience = 1}, true);
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));  // computes
  });
  {
    const auto open = [&] { return std::make_unique<DeafLink>(std::move(links[0]), 1); };
    distributed::LinkWorld world(open, {.patience = 1}, true);
    try {
      (void)world.any(true);
    } catch (const RankError& error) {
      told = error.what();
    }
  }
  other.join();
  BOOST_TEST(told.find("rank 1 of 2 on ") == 0U);
  BOOST_TEST(told.find("no sign of life for 1 s") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_rank_that_computes_longer_than_the_patience_is_waited_for) {
  require_nothing_thrown(on_ranks(2,
                                  [](World& world) {
                                    if (!world.leads()) std::this_thread::sleep_for(std::chrono::milliseconds(2500));
                                    (void)world.any(true);
                                  },
                                  {.patience = 1}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
