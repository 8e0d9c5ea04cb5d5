#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>
#include <utility>
#include <vector>

namespace recur {

/// Keeps the final states of one window of a long sequence as the initial states of the next window, for truncated
/// backpropagation through time. Values are copied; no gradient flows back. Use one object for each stream of windows
/// (training, validation, sampling).
class CarriedState {
 public:
  CarriedState() = default;
  CarriedState(const CarriedState& other) {
    for (const Array& state : other.stored_) stored_.push_back(state.clone());
  }
  CarriedState(CarriedState&&) = default;
  CarriedState& operator=(CarriedState&&) = default;
  ~CarriedState() = default;

  /// Returns the initial states of the next window as constants on `tape`. Empty before the first window, which means
  /// zeros.
  [[nodiscard]] std::span<const Var> on(Tape& tape) const {
    const auto states = tape.list<Var>(static_cast<Index>(stored_.size()));
    for (std::size_t i = 0; i < states.size(); ++i) states[i] = tape.constant(stored_[i]);
    return states;
  }
  /// Copies the final states of a window. Allocates at the first window only.
  void store(std::span<const Var> states) {
    stored_.resize(states.size());
    for (std::size_t i = 0; i < states.size(); ++i) states[i].copy_to(stored_[i]);
  }
  /// Forgets the states: the next window begins with zeros.
  void reset() { stored_.clear(); }
  /// Returns the states, for saving. Empty for zeros.
  [[nodiscard]] std::span<const Array> values() const { return stored_; }
  void set_values(std::vector<Array> values) { stored_ = std::move(values); }

 private:
  std::vector<Array> stored_;
};

}  // namespace recur
