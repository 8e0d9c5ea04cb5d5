#include <recur/framework/threads/parallel.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/threads/denormals.h>
#include <recur/framework/threads/first_exception.h>
#include <recur/framework/threads/processors.h>
#include <recur/framework/threads/team.h>

#include <algorithm>

namespace recur {
namespace {

// Operations below which one thread has finished by the time others have begun: where they stand by, and where they
// have to be woken.
constexpr double least_work_of_team = 2e5;
constexpr double least_work = 4e6;
// Fewer than this in a chunk and taking it would cost as much as doing it.
constexpr double least_work_of_chunk = 3e5;
constexpr int chunks_per_thread = 6;
// For fewer, the others are not kept awake.
constexpr Index least_operations = 32;
constexpr Index most_shares = (1 << 20) - 1;

/// Where in the program a thread is. Operations find it here rather than be handed it through every layer.
struct Place {
  detail::Team* team = nullptr;  ///< The team that this thread leads.
  bool standing_by = false;      ///< In `with_team`, whether it leads or another thread does.
  bool inside = false;           ///< In an item or a share.
};
thread_local Place place;

/// Sets the place for a while.
class At {
 public:
  explicit At(const Place& there) : before_(place) { place = there; }
  ~At() { place = before_; }
  At(const At&) = delete;
  At& operator=(const At&) = delete;

 private:
  Place before_;
};

/// Leads the team of the process for a while, if no other thread does.
class Lead {
 public:
  Lead() : team_(detail::Team::of_process()), leads_(team_.try_lead()) {}
  ~Lead() {
    if (leads_) team_.stop_leading();
  }
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;
  /// The team, or null.
  [[nodiscard]] detail::Team* team() const { return leads_ ? &team_ : nullptr; }

 private:
  detail::Team& team_;
  bool leads_;
};

/// Keeps members awake between jobs.
class Awake {
 public:
  explicit Awake(detail::Team& team) : team_(team) { team_.stay_awake(true); }
  ~Awake() { team_.stay_awake(false); }
  Awake(const Awake&) = delete;
  Awake& operator=(const Awake&) = delete;

 private:
  detail::Team& team_;
};

/// Calls a function with the team that this thread leads, or can lead now, or null.
template <class Function>
void with_leader(Function function) {
  if (place.standing_by || place.inside || threads() == 1) {
    function(place.inside ? nullptr : place.team);
    return;
  }
  const Lead lead;
  function(lead.team());
}

double work_of(Index count, Index work_per_item) {
  return static_cast<double>(count) * static_cast<double>(work_per_item);
}

}  // namespace

int useful_threads(Index count, Index work_per_item) {
  if (count <= 1 || place.inside) return 1;
  if (work_of(count, work_per_item) < (place.standing_by ? least_work_of_team : least_work)) return 1;
  return static_cast<int>(std::min<Index>(threads(), count));
}

int threads_for_pass(Index operations) {
  if (place.inside) return 1;
  if (threads_chosen()) return threads();
  const double worth = std::max(static_cast<double>(operations) / least_work, 1.0);
  return static_cast<int>(std::min<double>(threads(), worth));
}

bool detail::inside_share() { return place.inside; }

void detail::run_on_team(Index count, Index work_per_item, Task task) {
  with_leader([&](Team* team) {
    if (team == nullptr) {
      const At there({.inside = true});
      for (Index i = 0; i < count; ++i) task.run(task.body, i);
      return;
    }
    // Items go to any thread, so more threads than processors would only add switches between them.
    const int size = std::min(threads(), usable_processors());
    // As many chunks for each thread, which thus begins with the same share of as many items every time.
    const double wanted =
        std::clamp<double>(work_of(count, work_per_item) / least_work_of_chunk / size, 1, chunks_per_thread);
    const Index chunks = std::min(count, static_cast<Index>(wanted) * size);
    FirstException thrown;
    const auto run_chunk = [&](Index chunk) {
      const At there({.inside = true});
      Index i = chunk * count / chunks;
      try {
        for (const Index end = (chunk + 1) * count / chunks; i < end; ++i) task.run(task.body, i);
      } catch (...) {
        thrown.keep(i);
      }
    };
    team->run({task_of(run_chunk), chunks, size, false});
    thrown.rethrow();
  });
}

void detail::run_shares_on_team(Index shares, Task task) {
  require<ValueError>(shares >= 0 && shares <= most_shares, "run_shares: {} shares, need 0 to {}", shares, most_shares);
  const DenormalMode mode(pass_flushes_denormals());
  FirstException thrown;
  const auto run_share = [&](Index share) {
    const At there({.inside = true});
    try {
      task.run(task.body, share);
    } catch (...) {
      thrown.keep(share);
    }
  };
  with_leader([&](Team* team) {
    if (team != nullptr) team->run({task_of(run_share), shares, threads(), true});
    else
      for (Index share = 0; share < shares; ++share) run_share(share);
  });
  thrown.rethrow();
}

void detail::run_with_team(Index operations, Task task) {
  const DenormalMode mode(pass_flushes_denormals());
  if (operations < least_operations || threads() == 1 || place.standing_by || place.inside) {
    task.run(task.body, 0);
    return;
  }
  const Lead lead;
  if (lead.team() == nullptr) {
    const At there({.standing_by = true});
    task.run(task.body, 0);
    return;
  }
  const Awake awake(*lead.team());
  const At there({.team = lead.team(), .standing_by = true});
  task.run(task.body, 0);
}

}  // namespace recur
