// The part of StageCompiler that makes products.

#include <recur/layers/inference/stage_compiler.h>

#include <algorithm>

namespace recur::detail {
namespace {

/// Columns [first, first + count) of a matrix, `width` of them in a register row; zeros up to whole registers.
ColumnOrder plain_order(Index first, Index count, Index places) {
  ColumnOrder order;
  for (Index place = 0; place < places; ++place) order.push_back(place < count ? first + place : -1);
  return order;
}

}  // namespace

// ---- Parts of an operation ------------------------------------------------------------------------------------------

std::vector<float> StageCompiler::bias_of(const GraphProduct& product, const ColumnOrder& order) const {
  std::vector<float> bias(order.size());
  for (const GraphPart& addend : product.addends) {
    const GraphValue& value = graph_.at(addend.value);
    if (!value.constant()) continue;
    for (std::size_t place = 0; place < order.size(); ++place)
      if (order[place] >= 0) bias[place] += value.data[static_cast<std::size_t>(addend.first + order[place])];
  }
  return bias;
}

std::vector<float> StageCompiler::scales_of(const Terms& terms, const ColumnOrder& order) const {
  if (!int8_) return {};
  std::vector<float> scales(order.size());
  for (const auto& term : terms) widen_scales(matrix(term.weight), order, scales);
  return scales;
}

PanelOperation::Term StageCompiler::pack_term(const GraphProduct::Term& term, const ColumnOrder& order, Index registers,
                                              std::span<const float> scales) const {
  return {place(term.a), pack(matrix(term.weight), order, registers, kernels_.lanes, scales)};
}

// ---- Products -------------------------------------------------------------------------------------------------------

void StageCompiler::add_product(const GraphProduct& product) {
  if (product.terms.empty()) return add_sum(product);
  const Index lanes = kernels_.lanes;
  const Index columns = graph_.at(product.output).cols;
  const Index wide = columns / (4 * lanes);
  const Index rest = columns - wide * 4 * lanes;
  const Place output = place(graph_.whole(product.output));
  if (wide > 0)
    add_columns(product, {plain_order(0, wide * 4 * lanes, wide * 4 * lanes), 4, wide, kernels_.product4, output});
  if (rest > 0) {
    const Index panels = (rest + lanes - 1) / lanes;
    Place end = output;
    end.first += wide * 4 * lanes;
    add_columns(product, {plain_order(wide * 4 * lanes, rest, panels * lanes), 1, panels, kernels_.product1, end});
  }
  add_addends(product);
}

// Terms that do not depend on the states are added up for all steps first.
void StageCompiler::add_columns(const GraphProduct& product, const Columns& columns) {
  const auto scales = scales_of(product.terms, columns.order);
  const auto make = [&](const Terms& terms) {
    auto made = std::make_unique<PanelOperation>();
    made->loop = columns.loop;
    made->panels = columns.panels;
    made->bias = bias_of(product, columns.order);
    made->scales = scales;
    made->output = columns.output;
    for (const auto& term : terms) made->terms.push_back(pack_term(term, columns.order, columns.registers, scales));
    return made;
  };
  Terms known;
  Terms later;
  for (const auto& term : product.terms) (depends(term.a) ? later : known).push_back(term);
  result_.step.push_back(make(product.terms));
  if (program_.steps == 1) return;
  if (later.empty()) {
    (dependent_.contains(product.output) ? result_.each : result_.together).push_back(make(known));
    return;
  }
  auto each = make(later);
  if (!known.empty()) {
    auto together = make(known);
    const Index size = columns.panels * columns.registers * kernels_.lanes;
    together->output = each->before = {layout_.add(size, true), 0, size};
    result_.together.push_back(std::move(together));
  }
  result_.each.push_back(std::move(each));
}

// A sum without products: of values that steps compute.
void StageCompiler::add_sum(const GraphProduct& product) {
  CopyOperation first;
  first.output = place(graph_.whole(product.output));
  CopyOperation others = first;
  others.add = true;
  for (const GraphPart& addend : product.addends) (first.parts.empty() ? first : others).parts.push_back(place(addend));
  const bool dependent = dependent_.contains(product.output);
  add_both(first, dependent);
  if (!others.parts.empty()) add_both(others, dependent);
}

void StageCompiler::add_addends(const GraphProduct& product) {
  CopyOperation sum;
  sum.add = true;
  sum.output = place(graph_.whole(product.output));
  for (const GraphPart& addend : product.addends)
    if (!graph_.at(addend.value).constant()) sum.parts.push_back(place(addend));
  if (!sum.parts.empty()) add_both(sum, dependent_.contains(product.output));
}

}  // namespace recur::detail
