#include <recur/framework/autodiff/detour.h>

#include <recur/framework/recurrence/leaf_slot.h>
#include <recur/framework/threads/parallel.h>

namespace recur {

Detour::Detour(Tape& tape, Mode mode)
    : tape_(tape),
      recording_before_(tape.recording_),
      computing_before_(tape.computing_),
      leaves_(tape.leaves_.size()),
      lists_(tape.free_.size()) {
  waiting_ = tape.list<std::size_t>(static_cast<Index>(leaves_ + lists_));
  for (std::size_t i = 0; i < leaves_; ++i) {
    waiting_[i] = tape.leaves_[i]->own;
    tape.leaves_[i]->own = tape.leaves_[i]->waiting();
  }
  for (std::size_t i = 0; i < lists_; ++i) {
    waiting_[leaves_ + i] = tape.free_[i].own;
    tape.free_[i].own = tape.free_[i].buffers.size();
  }
  mark_ = tape.mark();
  ++tape.depth_;
  tape.recording_ = mode == Mode::record;
  tape.computing_ = mode == Mode::compute && (recording_before_ || computing_before_);
}

Detour::~Detour() {
  tape_.rewind(mark_);
  --tape_.depth_;
  tape_.recording_ = recording_before_;
  tape_.computing_ = computing_before_;
  for (std::size_t i = 0; i < leaves_; ++i) tape_.leaves_[i]->own = waiting_[i];
  for (std::size_t i = 0; i < lists_; ++i) tape_.free_[i].own = waiting_[leaves_ + i];
}

void Detour::propagate() {
  with_team(static_cast<Index>(tape_.records_.size() - mark_.records), [this] {
    tape_.run_backwards(mark_.records);
    // A parameter used before the detour began has its record there.
    for (const auto& leaf : tape_.leaves_) leaf->finish(tape_);
  });
}

}  // namespace recur
