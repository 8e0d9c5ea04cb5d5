#include <recur/framework/expr/summed_sinks.h>

namespace recur::detail {
namespace {

// Numbers that one register adds up in float: the error is about their square root in units of the last place.
constexpr Index piece_length = 128;

}  // namespace

SummedSinks::SummedSinks(Tape& tape, std::span<const Sink> sinks, const FusedCall& call, Index lanes)
    : rows_(call.rows), columns_(call.cols) {
  if (tape.dtype() != DType::float32) return;
  const auto over_rows = [&](const Stream& s) { return s.row_stride == 0 && call.rows > piece_length; };
  const auto over_columns = [&](const Stream& s) { return s.col_step == 0 && call.cols > piece_length * lanes; };
  const auto is_long = [&](const Sink& sink) {
    return sink.stream.data != nullptr && !sink.fresh && (over_rows(sink.stream) || over_columns(sink.stream));
  };
  const auto count = std::ranges::count_if(sinks, is_long);
  if (count == 0) return;
  sums_ = tape.list<Sum>(count);
  sinks_ = tape.list<Sink>(static_cast<Index>(sinks.size()));
  std::size_t next = 0;
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    sinks_[i] = sinks[i];
    if (!is_long(sinks[i])) continue;
    Stream& stream = sinks_[i].stream;
    if (over_rows(stream)) rows_ = piece_length;
    if (over_columns(stream)) columns_ = piece_length * lanes;
    Sum& sum = sums_[next++];
    sum = {static_cast<float*>(stream.data), stream.row_stride, stream.row_stride != 0, stream.col_step != 0, {}, {}};
    const Index size = (sum.by_row ? call.rows : 1) * (sum.by_column ? call.cols : 1);
    sum.piece = tape.scratch<float>(size);
    sum.total = tape.scratch<double>(size);
    std::ranges::fill(sum.piece, 0.0F);
    std::ranges::fill(sum.total, 0.0);
    stream = {sum.piece.data(), sum.by_row ? Index{1} : Index{0}, stream.col_step};
  }
}

void SummedSinks::add_up(const FusedCall& piece) const {
  for (const Sum& sum : sums_) {
    const Index begin = sum.by_row ? piece.first_row : sum.by_column ? piece.begin : 0;
    const Index end = sum.by_row ? piece.rows : sum.by_column ? piece.end : 1;
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      sum.total[i] += static_cast<double>(sum.piece[i]);
      sum.piece[i] = 0;
    }
  }
}

void SummedSinks::finish() const {
  for (const Sum& sum : sums_) {
    const Index step = sum.by_row ? sum.row_stride : 1;
    for (std::size_t i = 0; i < sum.total.size(); ++i)
      sum.gradient[static_cast<Index>(i) * step] += static_cast<float>(sum.total[i]);
  }
}

}  // namespace recur::detail
