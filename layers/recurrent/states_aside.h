#pragma once

#include <recur/layers/recurrent/rnn.h>

#include <span>
#include <vector>

namespace recur {

/// Sets the states of stateful RNNs aside while it lives, and restores them in the end. Meanwhile the RNNs begin with
/// zeros and take any batch size. Used for validation between two batches of a stream.
class StatesAside {
 public:
  explicit StatesAside(std::span<RNN* const> rnns);
  StatesAside(const StatesAside&) = delete;
  StatesAside& operator=(const StatesAside&) = delete;
  ~StatesAside();

 private:
  struct Stored {
    RNN* rnn;
    std::vector<Array> states;
  };
  std::vector<Stored> stored_;
};

}  // namespace recur
