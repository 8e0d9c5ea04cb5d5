#include "char_model.h"

#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/losses.h>
#include <recur/train/callbacks/draw.h>

#include <algorithm>

namespace recur::examples {
namespace {

std::vector<AnyCell> lstm_cells(const CharModelOptions& options) {
  LSTMCellOptions cell;
  cell.dropout = options.dropout;
  std::vector<AnyCell> cells;
  for (Index layer = 0; layer < options.layers; ++layer) cells.emplace_back(LSTMCell(options.hidden, cell));
  return cells;
}

Index embedding_size(const CharModelOptions& options) {
  return options.embedding > 0 ? options.embedding : options.hidden;
}

}  // namespace

CharModel::CharModel(const CharModelOptions& options, std::uint64_t seed)
    : options_(options),
      // As loud as the states it meets: characters are told apart from the first step on.
      embedding_(options.symbols, embedding_size(options), {.embeddings_initializer = random_normal(0, 1)}),
      rnn_(lstm_cells(options), {.return_sequences = true, .return_state = true, .time_major = true}),
      output_(options.symbols) {
  Builder builder(embedding_size(options), DType::float32, Generator(seed));
  embedding_.build(builder);
  rnn_.build(builder);
  builder.input_size = options.hidden;
  output_.build(builder);
}

void CharModel::visit(ParameterVisitor& visitor) {
  visitor.in("embedding", embedding_);
  visitor.in("rnn", rnn_);
  visitor.in("output", output_);
}

Var CharModel::logits(Tape& tape, std::span<const std::int32_t> ids, Index batch, CarriedState& state) {
  const Index time = static_cast<Index>(ids.size()) / batch;
  const auto start = state.on(tape);
  const RNNResult hidden = rnn_.call(embedding_(tape, ids, {time, batch}), {.initial_state = start});
  state.store(hidden.states);
  return output_(hidden.output);
}

Var CharModel::logits(Tape& tape, std::span<const std::int32_t> ids, Index batch, TruncatedBPTT& truncated,
                      const TruncatedBPTT::Window& window) {
  const Var x = embedding_(tape, ids, {window.end - window.begin, batch});
  return output_(truncated.call(rnn_, x, window).output);
}

double nats_per_character(CharModel& model, Tape& tape, std::span<const std::int32_t> ids, Index time) {
  require<ValueError>(ids.size() >= 2, "nats_per_character: a text of {} characters has none to predict", ids.size());
  const NoGradient guard(tape);
  CarriedState state;
  double sum = 0;
  const std::size_t predictions = ids.size() - 1;
  for (std::size_t at = 0; at < predictions; at += static_cast<std::size_t>(time)) {
    const std::size_t n = std::min(static_cast<std::size_t>(time), predictions - at);
    const Var logits = model.logits(tape, ids.subspan(at, n), 1, state);
    sum += static_cast<double>(n) * sparse_softmax_cross_entropy(logits, ids.subspan(at + 1, n)).item();
    tape.reset();
  }
  return sum / static_cast<double>(predictions);
}

std::vector<std::int32_t> sample(CharModel& model, Tape& tape, std::span<const std::int32_t> prompt, Index count,
                                 double temperature, Generator& generator) {
  const NoGradient guard(tape);
  CarriedState state;
  std::vector<std::int32_t> drawn;
  std::vector<std::int32_t> read(prompt.begin(), prompt.end());
  for (Index i = 0; i < count; ++i) {
    const Var logits = model.logits(tape, read, 1, state);
    std::vector<double> all = logits.to_doubles();
    all.erase(all.begin(), all.end() - model.options().symbols);
    tape.reset();
    drawn.push_back(draw_class(all, temperature, generator));
    read = {drawn.back()};
  }
  return drawn;
}

}  // namespace recur::examples
