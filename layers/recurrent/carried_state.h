#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>
#include <utility>
#include <vector>

namespace recur {

/// States handed from one window of a long sequence to the next in truncated backpropagation through time: the numbers go
/// on, gradients do not. Keep one for each stream of windows (training, validation, sampling).
class CarriedState {
 public:
  CarriedState() = default;
  CarriedState(const CarriedState& other) {
    for (const Array& state : other.stored_) stored_.push_back(state.clone());
  }
  CarriedState(CarriedState&&) = default;
  CarriedState& operator=(CarriedState&&) = default;
  ~CarriedState() = default;

  /// The states to start the next window with, on its tape; empty before the first window, which means zeros.
  [[nodiscard]] std::span<const Var> on(Tape& tape) const {
    const auto states = tape.list<Var>(static_cast<Index>(stored_.size()));
    for (std::size_t i = 0; i < states.size(); ++i) states[i] = tape.constant(stored_[i]);
    return states;
  }
  /// Keeps the final states of a window. Allocates at the first one only.
  void store(std::span<const Var> states) {
    stored_.resize(states.size());
    for (std::size_t i = 0; i < states.size(); ++i) states[i].copy_to(stored_[i]);
  }
  /// Starts over with zeros.
  void reset() { stored_.clear(); }
  /// The numbers, to be saved and brought back; empty for zeros.
  [[nodiscard]] std::span<const Array> values() const { return stored_; }
  void set_values(std::vector<Array> values) { stored_ = std::move(values); }

 private:
  std::vector<Array> stored_;
};

}  // namespace recur
