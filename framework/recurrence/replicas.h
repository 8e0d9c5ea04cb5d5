#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/framework/threads/parallel.h>

#include <memory>
#include <span>
#include <vector>

namespace recur {

/// Tapes on which threads do their shares of one operation of another tape, forward and later backward. Each share has
/// a tape of its own, so threads do not meet within a pass. Weights are shared; the gradient of a parameter is
/// collected by each share and added up in the order of shares, so the bits depend on the number of shares alone.
class ReplicaSet {
 public:
  /// The tapes in use, one a share.
  [[nodiscard]] std::span<Tape* const> tapes() const { return std::span(tapes_).first(count_); }
  /// Calls `body(share, tape)` for each share. The tapes are empty and have the modes of `parent`.
  template <class Body>
  void forward(Tape& parent, Body body) {
    clear_gradients();
    run(parent, [&](Index share) {
      Tape& tape = *tapes_[static_cast<std::size_t>(share)];
      tape.copy_modes(parent);
      body(share, tape);
    });
  }
  /// For each share: calls `before(share)`, which puts gradients into values of the share's tape, runs that backwards,
  /// and calls `after(share)`. Then adds the gradients of parameters.
  template <class Before, class After>
  void backward(Tape& parent, Before before, After after) {
    const auto* const observer = parent.before_record();
    const auto one = [&](Index share) {
      Tape& tape = *tapes_[static_cast<std::size_t>(share)];
      tape.set_before_record(observer);
      for (const auto& leaf : tape.leaves()) leaf->dirty = true;
      before(share);
      tape.run_backwards(0);
      after(share);
    };
    if (observer == nullptr) run(parent, one);
    else
      for (Index share = 0; share < static_cast<Index>(count_); ++share) one(share);
    add_gradients();
  }
  /// Forgets all values.
  void reset();
  /// Bytes held by the tapes.
  [[nodiscard]] std::size_t memory() const;

 private:
  friend class Replicas;

  template <class Body>
  void run(Tape& parent, Body body) {
    const Lent lent(parent);
    run_shares(static_cast<Index>(count_), body);
  }
  void prepare(int shares, DType dtype);
  void clear_gradients();
  void add_gradients();

  // Keeps the parent from being used for the time of a scope.
  struct Lent {
    explicit Lent(Tape& tape_) : tape(tape_) { tape.lend(true); }
    ~Lent() { tape.lend(false); }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    Tape& tape;
  };

  std::vector<std::unique_ptr<Tape>> owned_;
  std::vector<Tape*> tapes_;
  std::size_t count_ = 0;
};

/// The replica sets of a tape, one for each divided operation of a pass. They are kept over `Tape::reset`, so that a
/// second pass allocates nothing.
class Replicas final : public detail::TapeAttachment {
 public:
  /// Returns the replicas of a tape, which are made at the first call.
  [[nodiscard]] static Replicas& of(Tape& tape);
  /// Returns an unused set for `shares` shares. It is in use until the tape is rewound to before this call.
  [[nodiscard]] ReplicaSet& acquire(int shares, DType dtype);
  [[nodiscard]] std::size_t mark() const override { return used_; }
  void rewind(std::size_t mark) override;
  [[nodiscard]] std::size_t memory() const override;

 private:
  std::vector<std::unique_ptr<ReplicaSet>> sets_;
  std::size_t used_ = 0;
};

}  // namespace recur
