// The part of StageCompiler that recognizes the steps of LSTMs and GRUs and gives them loops of their own.

#include <recur/layers/inference/stage_compiler.h>

#include <algorithm>
#include <utility>

namespace recur::detail {
namespace {

/// For the units of each panel one register of every gate, whose columns begin at `firsts`; -1 for a gate without
/// columns.
ColumnOrder gate_order(std::span<const Index> firsts, Index units, Index lanes) {
  ColumnOrder order;
  for (Index unit = 0; unit < units; unit += lanes)
    for (const Index first : firsts)
      for (Index lane = 0; lane < lanes; ++lane)
        order.push_back(first >= 0 && unit + lane < units ? first + unit + lane : -1);
  return order;
}

/// Of a list with four registers a panel, the three that are named.
std::vector<float> three_of_four(std::span<const float> four, std::span<const Index> slots, Index lanes) {
  std::vector<float> three;
  for (Index panel = 0; panel < static_cast<Index>(four.size()); panel += 4 * lanes)
    for (const Index slot : slots)
      for (Index lane = 0; lane < lanes; ++lane)
        three.push_back(four[static_cast<std::size_t>(panel + slot * lanes + lane)]);
  return three;
}

bool constant_addends(const Graph& graph, const GraphProduct& product) {
  return std::ranges::all_of(product.addends, [&](const GraphPart& part) { return graph.at(part.value).constant(); });
}

}  // namespace

const GraphProduct* StageCompiler::product_of(int value) const {
  for (const GraphOperation& operation : stage_.operations)
    if (const auto* product = std::get_if<GraphProduct>(&operation); product && product->output == value)
      return product;
  return nullptr;
}

// Whether nothing but that operation reads the value.
bool StageCompiler::only_in(int value, std::size_t operation) const {
  if (stage_.output.value == value) return false;
  for (const GraphState& state : stage_.states)
    if (state.after.value == value) return false;
  for (std::size_t i = 0; i < stage_.operations.size(); ++i) {
    if (i == operation) continue;
    for (const GraphPart& part : operands_of(stage_.operations[i]))
      if (part.value == value) return false;
  }
  return true;
}

const GraphState* StageCompiler::state_of(const GraphPart& before) const {
  for (const GraphState& state : stage_.states)
    if (before == graph_.whole(state.before)) return &state;
  return nullptr;
}

bool StageCompiler::usable(const Lstm& lstm, std::size_t at) const {
  const LstmGates& gates = lstm.gates;
  const GraphState* const state = state_of(gates.c0);
  if (lstm.product == nullptr || state == nullptr || state->after != graph_.whole(gates.c)) return false;
  const Index units = graph_.at(gates.h).cols;
  for (const GraphPart& gate : {gates.i, gates.f, gates.g, gates.o})
    if (gate.value != lstm.product->output || gate.size != units) return false;
  // The state is written in place, so that nothing else may read it.
  for (std::size_t i = 0; i < stage_.operations.size(); ++i)
    for (const GraphPart& part : operands_of(stage_.operations[i]))
      if (part.value == gates.c || (part.value == gates.c0.value && i != at)) return false;
  const bool later =
      std::ranges::any_of(lstm.product->terms, [&](const GraphProduct::Term& term) { return depends(term.a); });
  return later && lstm.product->terms.size() <= PanelCall::max_terms && stage_.output.value != gates.c &&
         only_in(lstm.product->output, at) && constant_addends(graph_, *lstm.product);
}

bool StageCompiler::usable(const Gru& gru, std::size_t at) const {
  const GruGates& gates = gru.gates;
  const GraphState* const state = state_of(gates.h0);
  if (gru.input == nullptr || gru.recurrent == nullptr || gru.input == gru.recurrent || state == nullptr) return false;
  const Index units = graph_.at(gates.h).cols;
  for (const GraphPart& gate : {gates.zx, gates.rx, gates.nx})
    if (gate.value != gru.input->output || gate.size != units) return false;
  for (const GraphPart& gate : {gates.zh, gates.rh, gates.nh})
    if (gate.value != gru.recurrent->output || gate.size != units) return false;
  const bool known =
      std::ranges::none_of(gru.input->terms, [&](const GraphProduct::Term& term) { return depends(term.a); });
  return known && gru.recurrent->terms.size() == 1 && gru.input->terms.size() < PanelCall::max_terms &&
         depends(gru.recurrent->terms[0].a) && only_in(gru.input->output, at) && only_in(gru.recurrent->output, at) &&
         constant_addends(graph_, *gru.input) && constant_addends(graph_, *gru.recurrent);
}

void StageCompiler::find_gates() {
  for (std::size_t at = 0; at < stage_.operations.size(); ++at) {
    const auto* fused = std::get_if<GraphFused>(&stage_.operations[at]);
    if (fused == nullptr) continue;
    if (const auto gates = find_lstm(*fused)) {
      const Lstm lstm{*gates, product_of(gates->i.value)};
      if (!usable(lstm, at)) continue;
      absorbed_.insert({lstm.product->output, gates->c});
      in_place_.insert(gates->c0.value);
      keep_output(gates->h, *lstm.product, at);
      lstms_.emplace_back(at, lstm);
    } else if (auto reset = find_gru(*fused)) {
      if (reset->zx.value == reset->nh.value) std::swap(reset->zx, reset->zh);
      if (reset->rx.value == reset->nh.value) std::swap(reset->rx, reset->rh);
      const Gru gru{*reset, product_of(reset->nx.value), product_of(reset->nh.value)};
      if (!usable(gru, at)) continue;
      absorbed_.insert({gru.input->output, gru.recurrent->output});
      keep_output(reset->h, *gru.recurrent, at);
      grus_.emplace_back(at, gru);
    }
  }
}

// Lets gates write the state that their output is the next value of, where there is one panel, so that all sums are
// finished before the first output is written, and nothing but `reader` and the gates reads the state.
void StageCompiler::keep_output(int h, const GraphProduct& reader, std::size_t at) {
  if (graph_.at(h).cols > kernels_.lanes) return;
  for (const GraphState& state : stage_.states) {
    if (state.after != graph_.whole(h) || in_place_.contains(state.before)) continue;
    for (std::size_t i = 0; i < stage_.operations.size(); ++i) {
      const auto* product = std::get_if<GraphProduct>(&stage_.operations[i]);
      if (i == at || product == &reader) continue;
      for (const GraphPart& part : operands_of(stage_.operations[i]))
        if (part.value == state.before) return;
    }
    kept_[h] = state.before;
    in_place_.insert(state.before);
    return;
  }
}

Place StageCompiler::kept(int h) const {
  const auto found = kept_.find(h);
  return found == kept_.end() ? Place{} : place(graph_.whole(found->second));
}

void StageCompiler::add_lstm(const Lstm& lstm) {
  const LstmGates& gates = lstm.gates;
  const Index lanes = kernels_.lanes;
  const Index units = graph_.at(gates.h).cols;
  const std::array<Index, 4> firsts = {gates.i.first, gates.f.first, gates.g.first, gates.o.first};
  const Index first_step = static_cast<Index>(result_.step.size());
  const Index first_each = static_cast<Index>(result_.each.size());
  add_columns(*lstm.product, {gate_order(firsts, units, lanes), 4, (units + lanes - 1) / lanes, kernels_.product4,
                              place(graph_.whole(gates.h))});
  // The last operation of each list gets the gates; the one for all steps stays a product.
  const auto finish = [&](ProgramOperations& list, Index first) {
    if (static_cast<Index>(list.size()) == first) return;
    auto& made = static_cast<PanelOperation&>(*list.back());
    made.loop = kernels_.lstm;
    made.state = place(gates.c0);
    made.copy = kept(gates.h);
  };
  finish(result_.step, first_step);
  finish(result_.each, first_each);
}

void StageCompiler::add_gru(const Gru& gru) {
  const GruGates& gates = gru.gates;
  const Index lanes = kernels_.lanes;
  const Index units = graph_.at(gates.h).cols;
  const std::array<Index, 4> of_input = {gates.zx.first, gates.rx.first, gates.nx.first, -1};
  const std::array<Index, 4> of_state = {gates.zh.first, gates.rh.first, -1, gates.nh.first};
  const ColumnOrder input4 = gate_order(of_input, units, lanes);
  const ColumnOrder state4 = gate_order(of_state, units, lanes);
  const std::array<Index, 3> of_state3 = {gates.zh.first, gates.rh.first, gates.nh.first};
  const ColumnOrder input3 = gate_order(std::span(of_input).first(3), units, lanes);
  const ColumnOrder state3 = gate_order(of_state3, units, lanes);
  auto bias = bias_of(*gru.input, input4);
  const auto more = bias_of(*gru.recurrent, state4);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] += more[i];
  std::vector<float> scales = scales_of(gru.input->terms, input4);
  if (int8_) widen_scales(matrix(gru.recurrent->terms[0].weight), state4, scales);
  const auto of = [&](std::array<Index, 3> slots) {
    return int8_ ? three_of_four(scales, slots, lanes) : std::vector<float>{};
  };
  const auto make = [&](bool with_input) {
    auto made = std::make_unique<PanelOperation>();
    made->loop = kernels_.gru;
    made->panels = (units + lanes - 1) / lanes;
    made->bias = bias;
    made->scales = scales;
    made->output = place(graph_.whole(gates.h));
    made->state = place(gates.h0);
    made->copy = kept(gates.h);
    if (with_input)
      for (const auto& term : gru.input->terms) made->terms.push_back(pack_term(term, input3, 3, of({0, 1, 2})));
    made->terms.push_back(pack_term(gru.recurrent->terms[0], state3, 3, of({0, 1, 3})));
    return made;
  };
  result_.step.push_back(make(true));
  if (program_.steps == 1) return;
  auto together = make(false);
  together->loop = kernels_.product4;
  together->terms.clear();
  for (const auto& term : gru.input->terms) together->terms.push_back(pack_term(term, input4, 4, scales));
  const auto size = static_cast<Index>(input4.size());
  auto each = make(false);
  together->output = each->before = {layout_.add(size, true), 0, size};
  result_.together.push_back(std::move(together));
  result_.each.push_back(std::move(each));
}

}  // namespace recur::detail
