#include <recur/framework/hoisted_product.h>

#include <algorithm>
#include <utility>

namespace recur::detail {
namespace {

// Rows of a block: few enough for the second-level cache, and enough to be worth the way through the weights.
Index rows_of_block(Index step, Index cols, DType dtype) {
  constexpr Index block_bytes = 512 * 1024;
  constexpr Index least_rows = 128;
  const Index rows =
      std::max(least_rows, block_bytes / (std::max<Index>(cols, 1) * static_cast<Index>(size_of(dtype))));
  return std::max(rows / step, Index{1}) * step;
}

// Rows that are a power of two apart would meet in the same sets of the caches.
Index padded(Index cols, DType dtype) {
  const Index line = 64 / static_cast<Index>(size_of(dtype));
  return cols % (8 * line) == 0 ? cols + line : cols;
}

Var rows_of(Var x, Index first, Index count) {
  const Index stride = x.node()->stride;
  return x.tape().view(x, first * stride, Shape{count, x.cols()}, stride);
}

std::span<bool> flags(Tape& tape, Index count) {
  const auto result = tape.list<bool>(count);
  std::fill(result.begin(), result.end(), false);
  return result;
}

}  // namespace

HoistedProduct& hoisted_product(const Linear::Product& step, Var bias, Index cols, bool wanted) {
  SequenceTag& tag = *step.a.node()->sequence;
  for (HoistedProduct* h = tag.products; h != nullptr; h = h->next)
    if (h->weight == step.w.node() && h->bias == bias.node() && h->terms.products[0].transpose == step.transpose)
      return *h;
  const Var whole(tag.whole);
  Tape& tape = whole.tape();
  Linear::Terms terms;
  terms.products[0] = {whole, step.w, step.transpose};
  terms.product_count = 1;
  terms.addends[0] = bias;
  terms.addend_count = bias.defined() ? 1 : 0;
  const Var product = tape.output(whole.shape().with(-1, cols), wanted, padded(cols, whole.dtype()));
  // Last to run backwards: by then all blocks have used the gradient, and its memory is given back.
  if (product.wants_gradient()) tape.on_backward(product, "matmul", [] {});
  const Index block = rows_of_block(std::max<Index>(step.a.rows(), 1), cols, whole.dtype());
  auto* const result = tape.list<HoistedProduct>(1).data();
  *result = {.weight = step.w.node(),
             .bias = bias.node(),
             .terms = terms,
             .product = product,
             .block = block,
             .ready = flags(tape, (whole.rows() + block - 1) / block),
             .used = flags(tape, whole.rows()),
             .next = tag.products};
  tape.point(tag.products, result);
  return *result;
}

void compute_rows(HoistedProduct& all, Index first, Index count) {
  for (Index i = first / all.block; i * all.block < first + count; ++i) {
    if (std::exchange(all.ready[static_cast<std::size_t>(i)], true)) continue;
    const Index begin = i * all.block;
    const Index rows = std::min(all.block, all.product.rows() - begin);
    Linear::Terms terms = all.terms;
    terms.products[0].a = rows_of(terms.products[0].a, begin, rows);
    compute(terms, rows_of(all.product, begin, rows), false, count > 0 && rows % count == 0 ? count : rows);
  }
}

}  // namespace recur::detail

namespace recur {

Var sequence_step(Var sequence, Index first, Index count) {
  require(first >= 0 && count >= 0 && first + count <= sequence.rows(), "sequence_step: rows {} to {} of {}", first,
          first + count, sequence.shape());
  Tape& tape = sequence.tape();
  detail::Node& whole = *sequence.node();
  if (whole.sequence == nullptr) {
    auto* const tag = tape.list<detail::SequenceTag>(1).data();
    *tag = {&whole, nullptr};
    tape.point(whole.sequence, tag);
  }
  const Var step = tape.view(sequence, first * whole.stride, Shape{count, sequence.cols()}, whole.stride);
  step.node()->sequence = whole.sequence;
  step.node()->sequence_row = first;
  return step;
}

}  // namespace recur
