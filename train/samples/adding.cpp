#include <recur/train/samples/adding.h>

namespace recur::samples {

Batch adding_problem(Index batch, Index time, Generator& generator) {
  require<ValueError>(batch >= 1 && time >= 2,
                      "adding_problem: batch must be at least 1 and time at least 2, got {} and {}", batch, time);
  Batch result{Tensor<float>({batch, time, 2}), Tensor<float>({batch, 1})};
  for (Index b = 0; b < batch; ++b) {
    const Index marks[] = {generator.below(time / 2), time / 2 + generator.below(time - time / 2)};
    for (Index t = 0; t < time; ++t) result.inputs(b, t, 0) = static_cast<float>(generator.uniform());
    for (const Index t : marks) {
      result.inputs(b, t, 1) = 1;
      result.targets(b, 0) += result.inputs(b, t, 0);
    }
  }
  return result;
}

}  // namespace recur::samples
