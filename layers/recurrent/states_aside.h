#pragma once

#include <recur/layers/recurrent/rnn.h>

#include <span>
#include <vector>

namespace recur {

/// While it lives, the stateful ones of some RNNs begin anew, with zeros and any batch size; then each goes on from the states it had:
/// validation between two batches of a stream does not move those of the training.
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
