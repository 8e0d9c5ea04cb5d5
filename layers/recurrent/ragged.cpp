#include <recur/layers/recurrent/ragged.h>

#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/take.h>
#include <recur/framework/ops/transpose.h>

#include <algorithm>
#include <numeric>

namespace recur {

void check_lengths(std::span<const Index> lengths, Index time) {
  for (std::size_t b = 0; b < lengths.size(); ++b)
    require<ValueError>(lengths[b] >= 0 && lengths[b] <= time, "RNN: length {} of sequence {} is outside [0, {}]",
                        lengths[b], b, time);
  require<ValueError>(lengths.empty() || std::ranges::any_of(lengths, [](Index length) { return length > 0; }),
                      "RNN: all {} lengths are 0: there is no step to take", lengths.size());
}

RaggedBatch::RaggedBatch(Tape& tape, Index time, std::span<const Index> lengths, bool go_backwards)
    : batch_(static_cast<Index>(lengths.size())), order_(tape.list<Index>(batch_)), place_(tape.list<Index>(batch_)) {
  require<ValueError>(!lengths.empty(), "RaggedBatch: no lengths");
  check_lengths(lengths, time);
  const auto length = [&](Index b) { return lengths[static_cast<std::size_t>(b)]; };
  std::iota(order_.begin(), order_.end(), Index{0});
  // Ties keep their order; std::stable_sort would allocate.
  std::sort(order_.begin(), order_.end(),
            [&](Index a, Index b) { return length(a) != length(b) ? length(a) > length(b) : a < b; });
  for (std::size_t i = 0; i < order_.size(); ++i) place_[static_cast<std::size_t>(order_[i])] = static_cast<Index>(i);

  const Index longest = length(order_[0]);
  const Index total = std::accumulate(lengths.begin(), lengths.end(), Index{0});
  packed_ = tape.list<Index>(total);
  unpacked_ = tape.list<Index>(time * batch_);
  std::fill(unpacked_.begin(), unpacked_.end(), Index{-1});
  const auto first = tape.list<Index>(longest + 1);
  Index row = 0;
  for (Index t = 0; t < longest; ++t) {
    first[static_cast<std::size_t>(t)] = row;
    for (const Index b : order_) {
      if (length(b) <= t) break;
      packed_[static_cast<std::size_t>(row)] = (go_backwards ? length(b) - 1 - t : t) * batch_ + b;
      unpacked_[static_cast<std::size_t>(t * batch_ + b)] = row++;
    }
  }
  first[static_cast<std::size_t>(longest)] = row;
  steps_.first = first;
}

Var RaggedBatch::pack(Var sequence) const {
  return take_rows(sequence, packed_, {static_cast<Index>(packed_.size()), sequence.cols()});
}

Var RaggedBatch::unpack(Var rows) const {
  return take_rows(rows, unpacked_, {static_cast<Index>(unpacked_.size()) / batch_, batch_, rows.cols()});
}

Var RaggedBatch::sorted(Var value) const {
  const Shape flat{batch_, value.size() / batch_};
  return reshape(take_rows(reshape(value, flat), order_, flat), value.shape());
}

Var RaggedBatch::unsorted(Var value) const { return take_rows(value, place_, value.shape()); }

Var reverse_in_time(Var x, std::span<const Index> lengths, bool time_major) {
  if (lengths.empty()) return reverse(x, time_major ? 0 : 1);
  require(x.shape().rank() >= 3, "reverse_in_time: input {} where {} is expected", x.shape(),
          time_major ? "[time, batch, features]" : "[batch, time, features]");
  const Index time = x.shape()[time_major ? 0 : 1];
  const auto batch = static_cast<Index>(lengths.size());
  require(x.shape()[time_major ? 1 : 0] == batch && x.rows() == time * batch,
          "reverse_in_time: {} lengths for sequences {}", batch, x.shape());
  for (Index b = 0; b < batch; ++b)
    require<ValueError>(lengths[static_cast<std::size_t>(b)] >= 0 && lengths[static_cast<std::size_t>(b)] <= time,
                        "reverse_in_time: length {} of sequence {} is outside [0, {}]",
                        lengths[static_cast<std::size_t>(b)], b, time);
  const auto rows = x.tape().list<Index>(time * batch);
  for (Index b = 0; b < batch; ++b)
    for (Index t = 0; t < time; ++t) {
      const auto row = [&](Index step) { return time_major ? step * batch + b : b * time + step; };
      const Index length = lengths[static_cast<std::size_t>(b)];
      rows[static_cast<std::size_t>(row(t))] = t < length ? row(length - 1 - t) : Index{-1};
    }
  return take_rows(x, rows, x.shape());
}

}  // namespace recur
