#include <recur/interop/signal_path.h>

#include <recur/framework/autodiff/tape.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/tensor/error.h>

#include <algorithm>

namespace recur::interop {
namespace {

Var row(Tape& tape, const std::vector<double>& numbers) {
  Array array({static_cast<Index>(numbers.size())}, tape.dtype());
  array.assign(numbers);
  return tape.constant(std::move(array));
}

Var marks(Tape& tape, const std::vector<bool>& which) { return row(tape, {which.begin(), which.end()}); }

}  // namespace

void ColumnScales::add(double column_offset, double column_factor, bool column_logarithm) {
  offset.push_back(column_offset);
  factor.push_back(column_factor);
  logarithm.push_back(column_logarithm);
}

bool ColumnScales::any_logarithm() const { return std::ranges::find(logarithm, true) != logarithm.end(); }

void require_plain(const SignalPath& path, const char* where) {
  require<ValueError>(!path.has_gains() && path.skip == 0,
                      "{}: the format has no gains and no skip from input to output", where);
  require<ValueError>(!path.scaled(),
                      "{}: the format has no place for the scales of the columns, with which the model takes and gives "
                      "the units of its file; c and onnx have",
                      where);
}

Var enter(const SignalPath& path, Var x) {
  Var entered = path.input_gain == 1 ? x : Var(x * path.input_gain);
  const ColumnScales& scales = path.inputs;
  if (scales.empty()) return entered;
  Tape& tape = x.tape();
  if (scales.any_logarithm()) entered = where(marks(tape, scales.logarithm), log(entered + 1.0), entered);
  // An offset in two parts: in float one alone is wrong by half of its last digit, which a small factor magnifies.
  std::vector<double> coarse, fine;
  for (const double offset : scales.offset) {
    coarse.push_back(static_cast<double>(static_cast<float>(offset)));
    fine.push_back(offset - coarse.back());
  }
  return (entered - row(tape, coarse) - row(tape, fine)) / row(tape, scales.factor);
}

Var leave(const SignalPath& path, Var y, Var entered) {
  if (path.skip > 0) y = y + slice(entered, -1, 0, path.skip);
  const ColumnScales& scales = path.outputs;
  if (!scales.empty()) {
    Tape& tape = y.tape();
    y = y * row(tape, scales.factor) + row(tape, scales.offset);
    if (scales.any_logarithm()) y = where(marks(tape, scales.logarithm), exp(y) - 1.0, y);
  }
  return path.output_gain == 1 ? y : Var(y * path.output_gain);
}

}  // namespace recur::interop
