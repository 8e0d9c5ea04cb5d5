#include <recur/layers/audio_losses.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/expr/operators.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>

namespace recur {
namespace {

void check(const char* loss, Var prediction, Var target, Var signal) {
  require(prediction.shape() == target.shape() && target.shape().rank() == 3 && target.shape().count() > 0,
          "{}: prediction {} and target {}, need equal shapes [batch, time, channels] (return_sequences?)", loss,
          prediction.shape(), target.shape());
  require(signal.shape().rank() == 3 && signal.shape().count() > 0, "{}: signal {}, need [batch, time, channels]", loss,
          signal.shape());
}

/// Mean of the squares of x, or of x[t] - a·x[t-1].
Var mean_energy(Var x, double a) {
  const auto count = static_cast<double>(x.shape().count());
  const Index time = x.shape()[1];
  if (a == 0 || time == 1) return mean(Var(square(x)));
  const Var now = slice(x, 1, 1, time - 1), before = slice(x, 1, 0, time - 1), first = slice(x, 1, 0, 1);
  const Var rest = fuse([a](auto y, auto z) { return square(y - a * z); }, now, before);
  return (sum(rest) + sum(Var(square(first)))) * (1 / count);
}

}  // namespace

Var error_to_signal(Var prediction, Var target, double pre_emphasis, Var signal) {
  if (!signal.defined()) signal = target;
  check("error_to_signal", prediction, target, signal);
  const Var error = target - prediction;
  const Var energy = mean_energy(signal, pre_emphasis);
  return mean_energy(error, pre_emphasis) / (energy + least_audio_energy);
}

Var dc_error(Var prediction, Var target, Var signal) {
  if (!signal.defined()) signal = target;
  check("dc_error", prediction, target, signal);
  const Var offset = mean(Var(target - prediction), 1);
  const Var energy = mean_energy(signal, 0);
  return mean(Var(square(offset))) / (energy + least_audio_energy);
}

}  // namespace recur
