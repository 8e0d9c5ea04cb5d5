#include <recur/layers/cells/residual_cell.h>

#include <recur/framework/expr/fuse.h>

namespace recur {

void ResidualCell::build(Builder& builder) {
  require(builder.input_size == cell_->output_size(),
          "ResidualCell: {} inputs cannot be added to {} outputs (the cell's size must be that of its input)",
          builder.input_size, cell_->output_size());
  WrapperCell::build(builder);
}

Var ResidualCell::call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) {
  CellContext inner = context;
  inner.output = Var();
  const Var output = cell_->call(x, states, next, inner);
  return fuse(
      into(context.output), [](auto y, auto input) { return y + input; }, output, x);
}

}  // namespace recur
