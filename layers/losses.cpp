#include <recur/layers/losses.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>

namespace recur {
namespace {

void check(const char* loss, Var prediction, Var target) {
  require(prediction.shape() == target.shape(), "{}: prediction {} and target {} differ in shape", loss,
          prediction.shape(), target.shape());
}

}  // namespace

Var mean_squared_error(Var prediction, Var target) {
  check("mean_squared_error", prediction, target);
  return mean(square(prediction - target));
}

Var mean_absolute_error(Var prediction, Var target) {
  check("mean_absolute_error", prediction, target);
  return mean(abs(prediction - target));
}

Var huber(Var prediction, Var target, double delta) {
  check("huber", prediction, target);
  require<ValueError>(delta > 0, "huber: delta must be positive, got {}", delta);
  // With a the distance and q its part within delta: q²/2 + delta·(a - q).
  return mean(fuse(
      [delta](auto y, auto t) {
        const auto distance = abs(y - t);
        const auto within = min(distance, delta);
        return 0.5 * square(within) + delta * (distance - within);
      },
      prediction, target));
}

void add_loss(Var& sum, Var loss, double weight) {
  if (weight != 1) loss = loss * weight;
  sum = sum.defined() ? Var(sum + loss) : loss;
}

}  // namespace recur
