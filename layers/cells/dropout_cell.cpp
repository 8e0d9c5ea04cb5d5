#include <recur/layers/cells/dropout_cell.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/dropout.h>

namespace recur {

DropoutCell::DropoutCell(AnyCell cell, DropoutCellOptions options)
    : WrapperCell(name_of_class, std::move(cell)), options_(options) {
  for (const double rate : {options_.input_dropout, options_.output_dropout})
    require<ValueError>(rate >= 0 && rate < 1, "DropoutCell: a dropout rate must be in [0, 1), got {}", rate);
}

void DropoutCell::build(Builder& builder) {
  input_size_ = builder.input_size;
  WrapperCell::build(builder);
}

// Masks: the input's, the output's, those of the cell inside.
Var DropoutCell::call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) {
  if (context.masks.empty()) return cell_->call(x, states, next, context);
  std::size_t used = 0;
  if (options_.input_dropout > 0) x = x * context.masks[used++];
  const Var output_mask = options_.output_dropout > 0 ? context.masks[used++] : Var();
  const Var output = cell_->call(x, states, next, {context.masks.subspan(used), context.constants, context.prepared});
  return output_mask.defined() ? Var(output * output_mask) : output;
}

void DropoutCell::draw_masks(Tape& tape, Index batch, std::span<Var> masks) {
  std::size_t used = 0;
  if (options_.input_dropout > 0)
    masks[used++] = dropout_mask(tape, {batch, input_size_}, options_.input_dropout, tape.generator());
  if (options_.output_dropout > 0)
    masks[used++] = dropout_mask(tape, {batch, output_size()}, options_.output_dropout, tape.generator());
  cell_->draw_masks(tape, batch, masks.subspan(used));
}

}  // namespace recur
