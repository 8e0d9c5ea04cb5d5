#include <recur/layers/recurrent/batch_share.h>

#include <algorithm>
#include <numeric>

namespace recur::detail {
namespace {

/// The batch's layout.
struct Layout {
  Index batch;
  Index time;
  bool time_major;
  bool go_backwards;
  std::span<const Index> lengths;

  [[nodiscard]] Index length(Index b) const { return lengths.empty() ? time : lengths[static_cast<std::size_t>(b)]; }
  [[nodiscard]] Index row(Index t, Index b) const { return time_major ? t * batch + b : b * time + t; }
};

// The sequences in the order of their lengths, longest first; ties keep their order.
std::span<Index> by_length(Tape& tape, const Layout& layout) {
  const auto order = tape.list<Index>(layout.batch);
  std::iota(order.begin(), order.end(), Index{0});
  if (!layout.lengths.empty())
    std::sort(order.begin(), order.end(), [&](Index a, Index b) {
      return layout.length(a) != layout.length(b) ? layout.length(a) > layout.length(b) : a < b;
    });
  return order;
}

void list_rows(Tape& tape, const Layout& layout, BatchShare& share) {
  Index total = 0;
  for (const Index b : share.sequences) total += layout.length(b);
  const Index steps = layout.length(share.sequences[0]);
  const auto first = tape.list<Index>(steps + 1);
  const auto inputs = tape.list<Index>(total);
  const auto outputs = tape.list<Index>(total);
  std::size_t row = 0;
  for (Index t = 0; t < steps; ++t) {
    first[static_cast<std::size_t>(t)] = static_cast<Index>(row);
    for (const Index b : share.sequences) {
      if (layout.length(b) <= t) break;
      inputs[row] = layout.row(layout.go_backwards ? layout.length(b) - 1 - t : t, b);
      outputs[row++] = layout.row(t, b);
    }
  }
  first[static_cast<std::size_t>(steps)] = total;
  share.first = first;
  share.input_rows = inputs;
  share.output_rows = outputs;
}

}  // namespace

std::span<const BatchShare> divide_batch(Tape& tape, const DividedUnroll& call, int count) {
  const Shape& shape = call.x.shape();
  const Layout layout{shape[call.time_major ? 1 : 0], shape[call.time_major ? 0 : 1], call.time_major,
                      call.go_backwards, call.lengths};
  const std::span<Index> order = by_length(tape, layout);
  const bool even = call.lengths.empty();
  const auto shares = tape.list<BatchShare>(count);
  for (Index i = 0; i < count; ++i) {
    const Index begin = even ? i * layout.batch / count : i;
    const Index end = even ? (i + 1) * layout.batch / count : layout.batch;
    const Index step = even ? 1 : count;
    const auto sequences = tape.list<Index>((end - begin + step - 1) / step);
    for (std::size_t k = 0; k < sequences.size(); ++k)
      sequences[k] = order[static_cast<std::size_t>(begin + static_cast<Index>(k) * step)];
    BatchShare& share = *::new (&shares[static_cast<std::size_t>(i)]) BatchShare{};
    share.sequences = sequences;
    share.place = begin;
    share.step = step;
    list_rows(tape, layout, share);
  }
  return shares;
}

}  // namespace recur::detail
