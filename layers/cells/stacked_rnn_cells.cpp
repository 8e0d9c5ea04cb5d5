#include <recur/layers/cells/stacked_rnn_cells.h>

#include <algorithm>

namespace recur {

StackedRNNCells::StackedRNNCells(std::vector<AnyCell> cells, bool reverse_state_order)
    : cells_(std::move(cells)), offsets_(cells_.size()), reversed_(reverse_state_order) {
  require<ValueError>(!cells_.empty(), "StackedRNNCells: the list of cells is empty");
  for (std::size_t i = 0; i < cells_.size(); ++i)
    require<ValueError>(!cells_[i].empty(),
                        "StackedRNNCells: element {} of {} is not a cell: it is empty (moved from?)", i, cells_.size());
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const std::size_t k = reversed_ ? cells_.size() - 1 - i : i;
    offsets_[k] = state_count_;
    state_count_ += cells_[k]->state_count();
  }
}

StateSize StackedRNNCells::state_size() const {
  std::vector<StateSize> sizes;
  for (const AnyCell& cell : cells_) sizes.push_back(cell->state_size());
  if (reversed_) std::reverse(sizes.begin(), sizes.end());
  return StateSize(std::move(sizes));
}

void StackedRNNCells::build(Builder& builder) {
  Index size = builder.input_size;
  for (AnyCell& cell : cells_) {
    Builder part = builder.part(size);
    cell.build(part);
    size = cell->output_size();
  }
}

void StackedRNNCells::visit(ParameterVisitor& visitor) {
  for (std::size_t k = 0; k < cells_.size(); ++k) visitor.in("cells/" + std::to_string(k), *cells_[k]);
}

Var StackedRNNCells::call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) {
  CellContext rest = context;
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    const AnyCell& cell = cells_[k];
    const auto first = static_cast<std::size_t>(offsets_[k]);
    const auto count = static_cast<std::size_t>(cell->state_count());
    x = cell->call(x, states.subspan(first, count), next.subspan(first, count), cell->take_context(rest));
  }
  return x;
}

void StackedRNNCells::initial_states(Tape& tape, Index batch, std::span<Var> states) {
  for (std::size_t k = 0; k < cells_.size(); ++k)
    cells_[k]->initial_states(
        tape, batch,
        states.subspan(static_cast<std::size_t>(offsets_[k]), static_cast<std::size_t>(cells_[k]->state_count())));
}

Index StackedRNNCells::mask_count() const {
  Index count = 0;
  for (const AnyCell& cell : cells_) count += cell->mask_count();
  return count;
}

void StackedRNNCells::draw_masks(Tape& tape, Index batch, std::span<Var> masks) {
  for (const AnyCell& cell : cells_) {
    const auto own = static_cast<std::size_t>(cell->mask_count());
    cell->draw_masks(tape, batch, masks.first(own));
    masks = masks.subspan(own);
  }
}

Index StackedRNNCells::prepared_count() const {
  Index count = 0;
  for (const AnyCell& cell : cells_) count += cell->prepared_count();
  return count;
}

void StackedRNNCells::prepare(std::span<const Var> constants, std::span<Var> prepared) {
  for (const AnyCell& cell : cells_) {
    const auto own = static_cast<std::size_t>(cell->prepared_count());
    cell->prepare(cell->own_constants(constants), prepared.first(own));
    prepared = prepared.subspan(own);
  }
}

bool StackedRNNCells::divides_batch() const {
  return std::all_of(cells_.begin(), cells_.end(), [](const AnyCell& cell) { return cell->divides_batch(); });
}

void StackedRNNCells::fields(Fields& f) {
  f("cells", cells_);
  f("reverse_state_order", reversed_);
}

bool StackedRNNCells::takes_constants() const {
  return std::any_of(cells_.begin(), cells_.end(), [](const AnyCell& cell) { return cell->takes_constants(); });
}

}  // namespace recur
