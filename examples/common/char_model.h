#pragma once

#include <recur/layers/dense.h>
#include <recur/layers/embedding.h>
#include <recur/layers/recurrent/carried_state.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/layers/recurrent/truncated_bptt.h>

#include <cstdint>
#include <span>
#include <string>

namespace recur::examples {

/// The sizes of a character model.
struct CharModelOptions {
  Index symbols = 0;
  Index embedding = 0;  ///< 0: as many as hidden.
  Index hidden = 128;
  Index layers = 2;
  double dropout = 0;  ///< On the input of every LSTM, one mask a window.
};

/// Embedding → RNN(StackedRNNCells of LSTM cells) → Dense: the next character's logits after every character.
class CharModel {
 public:
  CharModel(const CharModelOptions& options, std::uint64_t seed);

  void visit(ParameterVisitor& visitor);

  /// Logits `[time, batch, symbols]` for ids `[time, batch]`. Starts from `state` and leaves the final states in it.
  [[nodiscard]] Var logits(Tape& tape, std::span<const std::int32_t> ids, Index batch, CarriedState& state);
  /// The loss in a window of truncated backpropagation: ids `[window's steps, batch]`, logits of those to learn from.
  [[nodiscard]] Var logits(Tape& tape, std::span<const std::int32_t> ids, Index batch, TruncatedBPTT& truncated,
                           const TruncatedBPTT::Window& window);
  [[nodiscard]] const CharModelOptions& options() const { return options_; }

 private:
  CharModelOptions options_;
  Embedding embedding_;
  RNN rnn_;
  Dense output_;
};

/// Mean nats a character of a long text, read as one stream in windows of `time`. @throws ValueError for less than two.
[[nodiscard]] double nats_per_character(CharModel& model, Tape& tape, std::span<const std::int32_t> ids, Index time);

/// `count` ids drawn from the model after it has read `prompt`. Temperature 1 draws as the model predicts; lower is safer.
[[nodiscard]] std::vector<std::int32_t> sample(CharModel& model, Tape& tape, std::span<const std::int32_t> prompt,
                                               Index count, double temperature, Generator& generator);

}  // namespace recur::examples
