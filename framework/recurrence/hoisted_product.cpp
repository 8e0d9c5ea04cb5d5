#include <recur/framework/recurrence/hoisted_product.h>

#include <recur/framework/recurrence/output_placement.h>

#include <algorithm>

namespace recur::detail {
namespace {

// Rows of a block: few enough for the second-level cache, and enough to be worth the way through the weights.
Index rows_of_block(Index cols, DType dtype) {
  constexpr Index block_bytes = 512 * 1024;
  constexpr Index least_rows = 128;
  return std::max(least_rows, block_bytes / (std::max<Index>(cols, 1) * static_cast<Index>(size_of(dtype))));
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

// Blocks of at most `most` rows that begin and end with steps, or of one step.
std::span<const Index> blocks_of(Tape& tape, FirstRows steps, Index most) {
  const auto begins = tape.list<Index>(static_cast<Index>(steps.size()));
  std::size_t count = 0;
  begins[count++] = steps[0];
  for (std::size_t i = 1; i < steps.size(); ++i)
    if (i + 1 == steps.size() || steps[i + 1] - begins[count - 1] > most) begins[count++] = steps[i];
  return begins.first(count);
}

// The same for steps of `step` rows each, as far as one can tell.
std::span<const Index> equal_blocks(Tape& tape, Index rows, Index step, Index most) {
  const Index block = std::max(most / step, Index{1}) * step;
  const Index count = (rows + block - 1) / block;
  const auto begins = tape.list<Index>(count + 1);
  for (Index i = 0; i <= count; ++i) begins[static_cast<std::size_t>(i)] = std::min(i * block, rows);
  return begins;
}

// Of the block's steps the first asked for has `step` rows.
Var compute_block(const HoistedProduct& all, Index first, Index rows, bool wanted, Index step) {
  Linear::Terms terms = all.terms;
  const Var whole = terms.products[0].a;
  const OutputPlacement::Aside aside(whole.tape());
  const Var z = whole.tape().output(Shape{rows, all.cols}, wanted, padded(all.cols, whole.dtype()));
  terms.products[0].a = rows_of(whole, first, rows);
  return compute(terms, z, false, step > 0 && rows % step == 0 ? step : rows);
}

}  // namespace

HoistedProduct& hoisted_product(const Linear::Product& step, Var bias, Index cols) {
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
  const Index most = rows_of_block(cols, whole.dtype());
  const auto begins = tag.steps != nullptr ? blocks_of(tape, *tag.steps, most)
                                           : equal_blocks(tape, whole.rows(), std::max<Index>(step.a.rows(), 1), most);
  const auto blocks = tape.list<Node*>(static_cast<Index>(begins.size()) - 1);
  std::fill(blocks.begin(), blocks.end(), nullptr);
  const auto used = tape.list<bool>(whole.rows());
  std::fill(used.begin(), used.end(), false);
  auto* const result = tape.list<HoistedProduct>(1).data();
  *result = {step.w.node(), bias.node(), terms, cols, begins, blocks, used, tag.products};
  tape.point(tag.products, result);
  return *result;
}

Var take_rows(HoistedProduct& all, const Shape& shape, Index first, bool wanted) {
  const auto rows = all.used.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(shape.rows()));
  if (std::any_of(rows.begin(), rows.end(), [](bool used) { return used; })) return {};
  const auto after = std::upper_bound(all.begins.begin(), all.begins.end(), first);
  if (after == all.begins.begin() || after == all.begins.end() || first + shape.rows() > *after) return {};
  const Index begin = after[-1];
  Node*& block = all.blocks[static_cast<std::size_t>(after - all.begins.begin() - 1)];
  Tape& tape = all.terms.products[0].a.tape();
  if (block == nullptr) tape.point(block, compute_block(all, begin, *after - begin, wanted, shape.rows()).node());
  const Var z(block);
  if (z.wants_gradient() != (wanted && tape.recording())) return {};
  std::fill(rows.begin(), rows.end(), true);
  return tape.view(z, (first - begin) * block->stride, shape, block->stride);
}

}  // namespace recur::detail

namespace recur {
namespace {

detail::SequenceTag& tag_of(Var sequence) {
  Tape& tape = sequence.tape();
  detail::Node& whole = *sequence.node();
  if (whole.sequence == nullptr) {
    auto* const tag = tape.list<detail::SequenceTag>(1).data();
    *tag = {&whole};
    tape.point(whole.sequence, tag);
  }
  return *whole.sequence;
}

}  // namespace

void sequence_steps(Var sequence, std::span<const Index> first_rows) {
  require(!first_rows.empty() && first_rows.front() >= 0 && first_rows.back() <= sequence.rows() &&
              std::is_sorted(first_rows.begin(), first_rows.end()),
          "sequence_steps: {} first rows for {}: of each step, and the end of the last, they must ascend within it",
          first_rows.size(), sequence.shape());
  Tape& tape = sequence.tape();
  const auto copy = tape.list<Index>(static_cast<Index>(first_rows.size()));
  std::copy(first_rows.begin(), first_rows.end(), copy.begin());
  auto* const steps = tape.list<detail::FirstRows>(1).data();
  *steps = copy;
  tape.point(tag_of(sequence).steps, steps);
}

Var sequence_step(Var sequence, Index first, Index count) {
  require(first >= 0 && count >= 0 && first + count <= sequence.rows(), "sequence_step: rows {} to {} of {}", first,
          first + count, sequence.shape());
  detail::SequenceTag& tag = tag_of(sequence);
  const Index stride = sequence.node()->stride;
  const Var step = sequence.tape().view(sequence, first * stride, Shape{count, sequence.cols()}, stride);
  step.node()->sequence = &tag;
  step.node()->sequence_row = first;
  return step;
}

}  // namespace recur
