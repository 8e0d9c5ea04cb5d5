#include <recur/layers/cells/zoneout_cell.h>

#include <recur/framework/expr/fuse.h>

#include <algorithm>

namespace recur {
namespace {

// 1 where the previous value is kept.
Var keep_mask(Tape& tape, const Shape& shape, double probability) {
  const Var mask = tape.output(shape, false);
  dispatch(tape.dtype(), [&]<class T>() {
    using Drawn = std::conditional_t<is_dual<T>, double, T>;
    const std::span<Drawn> drawn = tape.scratch<Drawn>(shape.count());
    tape.draw_uniform(drawn, shape.rows());
    std::transform(drawn.begin(), drawn.end(), mask.mutable_value<T>().data,
                   [&](Drawn u) { return static_cast<T>(u < static_cast<Drawn>(probability)); });
  });
  return mask;
}

}  // namespace

ZoneoutCell::ZoneoutCell(AnyCell cell, ZoneoutCellOptions options)
    : WrapperCell(name_of_class, std::move(cell)), options_(options) {
  for (const double p : {options_.zoneout_h, options_.zoneout_c})
    require<ValueError>(p >= 0 && p <= 1, "ZoneoutCell: a probability must be in [0, 1], got {}", p);
}

Var ZoneoutCell::call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) {
  Tape& tape = x.tape();
  CellContext inner = context;
  if (options_.zoneout_h > 0) inner.output = Var();
  const Var output = cell_->call(x, states, next, inner);
  const bool output_is_state = output.node() == next[0].node();
  for (std::size_t i = 0; i < next.size(); ++i) {
    const double p = i == 0 ? options_.zoneout_h : options_.zoneout_c;
    if (p == 0) continue;
    const Destination place = into(i == 0 && output_is_state ? context.output : Var());
    if (tape.training())
      next[i] = fuse(
          place, [](auto keep, auto before, auto after) { return where(keep, before, after); },
          keep_mask(tape, next[i].shape(), p), states[i], next[i]);
    else
      next[i] = fuse(
          place, [p](auto before, auto after) { return p * before + (1 - p) * after; }, states[i], next[i]);
  }
  return output_is_state ? next[0] : output;
}

}  // namespace recur
