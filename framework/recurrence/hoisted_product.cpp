#include <recur/framework/recurrence/hoisted_product.h>

#include <algorithm>

namespace recur::detail {
namespace {

/// A product of a whole sequence with a parameter. It is computed in blocks of rows, each when its first row is asked
/// for, so that what the steps go on with is still in the cache. Backwards a block's gradient takes the memory that the
/// block after it has given back.
struct HoistedProduct {
  const Node* weight;
  const Node* bias;
  Linear::Terms terms;
  Index cols;
  std::span<const Index> begins;  ///< First row of each block, and the end of the last.
  std::span<Node*> blocks;        ///< Null until computed.
  std::span<bool> used;           ///< Rows that have been handed out as a result already.
  HoistedProduct* next;
};

/// First row of each step of a sequence, and the end of the last.
using FirstRows = std::span<const Index>;

/// What the steps of a sequence have in common.
struct SequenceTag : ProductSource {
  Node* whole = nullptr;
  HoistedProduct* products = nullptr;
  FirstRows* steps = nullptr;  ///< Null when they have not been told (`sequence_steps`).
};

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

// Blocks of whole steps, if all have `step` rows.
std::span<const Index> equal_blocks(Tape& tape, Index rows, Index step, Index most) {
  const Index block = std::max(most / step, Index{1}) * step;
  const Index count = (rows + block - 1) / block;
  const auto begins = tape.list<Index>(count + 1);
  for (Index i = 0; i <= count; ++i) begins[static_cast<std::size_t>(i)] = std::min(i * block, rows);
  return begins;
}

Var compute_block(const HoistedProduct& all, Index first, Index rows, bool wanted) {
  Linear::Terms terms = all.terms;
  const Var whole = terms.products[0].a;
  const Var z = whole.tape().output(Shape{rows, all.cols}, wanted, padded(all.cols, whole.dtype()));
  terms.products[0].a = rows_of(whole, first, rows);
  compute_terms(terms, z, false);
  return z;
}

HoistedProduct* find(const SequenceTag& tag, const Linear::Product& step, Var bias) {
  for (HoistedProduct* h = tag.products; h != nullptr; h = h->next)
    if (h->weight == step.w.node() && h->bias == bias.node() && h->terms.products[0].transpose == step.transpose)
      return h;
  return nullptr;
}

// The product, with `cols` columns, of the whole sequence that `step.a` is a step of.
HoistedProduct& hoisted_product(SequenceTag& tag, const Linear::Product& step, Var bias, Index cols) {
  if (HoistedProduct* const known = find(tag, step, bias)) return *known;
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
  ::new (result) HoistedProduct{step.w.node(), bias.node(), terms, cols, begins, blocks, used, tag.products};
  tape.set_undoable(tag.products, result);
  return *result;
}

// Rows of the product as a result that is the caller's alone. Undefined when they are not in one block, have been
// handed out already or were computed when the tape was recording and now is not, or the other way round.
Var take_rows(ProductSource& source, const Linear::Product& step, Var bias, const Shape& shape, bool wanted) {
  auto& tag = static_cast<SequenceTag&>(source);
  if (step.a.node() == tag.whole) return {};
  HoistedProduct& all = hoisted_product(tag, step, bias, shape.cols());
  const Index first = step.a.node()->extra->row;
  const auto rows = all.used.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(shape.rows()));
  if (std::any_of(rows.begin(), rows.end(), [](bool used) { return used; })) return {};
  const auto after = std::upper_bound(all.begins.begin(), all.begins.end(), first);
  if (after == all.begins.begin() || after == all.begins.end() || first + shape.rows() > *after) return {};
  const Index begin = after[-1];
  Node*& block = all.blocks[static_cast<std::size_t>(after - all.begins.begin() - 1)];
  Tape& tape = all.terms.products[0].a.tape();
  if (block == nullptr) tape.set_undoable(block, compute_block(all, begin, *after - begin, wanted).node());
  const Var z(block);
  if (z.wants_gradient() != (wanted && tape.recording())) return {};
  std::fill(rows.begin(), rows.end(), true);
  return tape.view(z, (first - begin) * block->stride, shape, block->stride);
}

SequenceTag& tag_of(Var sequence) {
  Tape& tape = sequence.tape();
  Node& whole = *sequence.node();
  if (whole.extra == nullptr || whole.extra->products == nullptr) {
    auto* const tag = ::new (tape.list<SequenceTag>(1).data()) SequenceTag{};
    tag->take = &take_rows;
    tag->whole = &whole;
    auto* const extra = ::new (tape.list<NodeExtra>(1).data()) NodeExtra{};
    if (whole.extra != nullptr) *extra = *whole.extra;
    extra->products = tag;
    tape.set_undoable(whole.extra, extra);
  }
  return static_cast<SequenceTag&>(*whole.extra->products);
}

}  // namespace
}  // namespace recur::detail

namespace recur {

void sequence_steps(Var sequence, std::span<const Index> first_rows) {
  require(!first_rows.empty() && first_rows.front() >= 0 && first_rows.back() <= sequence.rows() &&
              std::is_sorted(first_rows.begin(), first_rows.end()),
          "sequence_steps: {} first rows for {}: of each step, and the end of the last, they must ascend within it",
          first_rows.size(), sequence.shape());
  Tape& tape = sequence.tape();
  if (!tape.mechanisms().hoist_products) return;
  const auto copy = tape.list<Index>(static_cast<Index>(first_rows.size()));
  std::copy(first_rows.begin(), first_rows.end(), copy.begin());
  auto* const steps = tape.list<detail::FirstRows>(1).data();
  *steps = copy;
  tape.set_undoable(detail::tag_of(sequence).steps, steps);
}

Var sequence_step(Var sequence, Index first, Index count) {
  if (first < 0 || count < 0 || first + count > sequence.rows()) [[unlikely]]
    fail<ShapeError>("sequence_step: rows {} to {} of {}", first, first + count, sequence.shape());
  Tape& tape = sequence.tape();
  const Index stride = sequence.node()->stride;
  const Var step = tape.view(sequence, first * stride, Shape::matrix(count, sequence.cols()), stride);
  if (!tape.mechanisms().hoist_products) return step;
  step.node()->extra =
      ::new (tape.list<detail::NodeExtra>(1).data()) detail::NodeExtra{nullptr, &detail::tag_of(sequence), first};
  return step;
}

}  // namespace recur
