#pragma once

#include <recur/distributed/operation.h>
#include <recur/distributed/process_watch.h>
#include <recur/distributed/witness.h>
#include <recur/train/loop/world.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace recur::distributed {

struct WorldOptions {
  /// Seconds without a sign of life after which a rank is given up. Signs come from a thread of their own: a rank may
  /// compute for hours.
  double patience = 10;
  /// Seconds that a rank waits for others before it says so on standard error.
  double notice = 30;
};

/// A world over a link. A thread makes the link and alone uses it: it exchanges data, sends signs of life and looks for
/// those of other ranks, also while this rank computes.
///
/// A rank that throws, is killed, stopped or cut off makes operations of all others throw RankError. A rank that is in
/// the middle of a computation then is ended after a while.
class LinkWorld final : public World {
 public:
  /// @param open makes the link, on the thread that uses it @param in_one_process ranks are threads of one process
  /// Throws what `open` throws, ValueError for a patience that is not above zero.
  explicit LinkWorld(std::function<std::unique_ptr<Link>()> open, const WorldOptions& options = {},
                     bool in_one_process = false);
  /// Waits for all ranks to come here. Where an exception unwinds, tells the others first.
  ~LinkWorld() override;

  [[nodiscard]] Index rank() const override { return rank_; }
  [[nodiscard]] Index size() const override { return size_; }
  [[nodiscard]] std::string name(Index rank) const override;
  [[nodiscard]] bool in_one_process() const override { return in_one_process_; }
  void sum(Parts parts, Wire wire = Wire::exact) override;
  void sum(DoubleParts parts) override;
  using World::gather;
  [[nodiscard]] std::vector<std::string> gather(std::string_view own) override;
  using World::broadcast;
  [[nodiscard]] std::string broadcast(std::string_view text) override;
  void fail(std::string_view reason) noexcept override;
  [[nodiscard]] std::uint64_t bytes_sent() const override { return bytes_sent_; }
  /// Returns how many ranks are on the host of this rank.
  [[nodiscard]] Index ranks_of_host() const;
  /// Returns the number of hosts.
  [[nodiscard]] Index hosts() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Make = std::function<std::unique_ptr<Operation>(Link& link, std::uint64_t number)>;
  struct Peer {
    std::string host;
    std::string machine;  ///< Where its process id means something.
    int process = 0;
    Clock::time_point heard{};
    bool gone = false;   ///< It has said goodbye.
    bool ended = false;  ///< Its process is no more.
  };

  void perform(const Make& make);
  // On the thread of the link:
  void run(const std::function<std::unique_ptr<Link>()>& open);
  void introduce();
  void watch_processes(const std::string& machine);
  void turn();
  void hear();
  void send_sign_of_life(Clock::time_point now);
  void look_for_lost(Clock::time_point now);
  void tell_own_failure();
  void work();
  void finish(const std::string& failure);
  void wait_for_others(Clock::time_point now);
  void say_goodbye();
  void give_up(Clock::time_point now);
  void lose(const std::string& text);
  [[nodiscard]] std::string text_of_loss(int rank, const std::string& reason) const;
  void post_to_all(char kind, const std::string& text);
  void set_failure(const std::string& text, bool lost);
  [[nodiscard]] bool speaks_of(int lost_rank) const;
  [[nodiscard]] std::string failure();

  static constexpr const char* has_ended = "its process has ended, killed or by itself";

  WorldOptions options_;
  bool in_one_process_;
  int exceptions_;  // in flight where the world was made
  Index rank_ = 0, size_ = 1;
  std::uint64_t bytes_sent_ = 0;

  // Of the link's thread.
  std::unique_ptr<Link> link_;
  std::unique_ptr<ProcessWatch> watch_;
  std::unique_ptr<Witness> witness_;  // on the first two ranks of a machine
  std::unique_ptr<Operation> operation_;
  std::unique_ptr<Workspace> workspace_ = std::make_unique<Workspace>();
  std::vector<Peer> peers_;
  std::uint64_t number_ = 0;
  Clock::time_point last_turn_{}, last_sign_{}, began_{}, failed_{}, closing_since_{};
  double noticed_ = 0;
  int idle_ = 0;
  bool said_goodbye_ = false;
  bool lost_ = false;   // a rank is gone without goodbye
  bool ended_ = false;  // the link

  std::mutex mutex_;
  std::condition_variable changed_;
  std::exception_ptr not_opened_;
  const Make* wanted_ = nullptr;
  std::string failure_, own_failure_;
  bool ready_ = false, done_ = false, succeeded_ = false, closing_ = false, told_ = false;
  std::thread thread_;
};

}  // namespace recur::distributed
