#include <recur/train/samples/temporal_order.h>

namespace recur::samples {

Batch temporal_order(Index batch, Generator& generator) {
  require<ValueError>(batch >= 1, "temporal_order: batch must be at least 1, got {}", batch);
  constexpr Index begin = 0;
  constexpr Index end = 1;
  constexpr Index first_distractor = 2;
  constexpr Index distractors = 4;
  constexpr Index first_mark = 6;
  Batch result{Tensor<float>({batch, temporal_order_steps, temporal_order_symbols}), Tensor<float>({batch, 1})};
  for (Index b = 0; b < batch; ++b) {
    const Index length = 100 + generator.below(11);
    const Index padding = temporal_order_steps - length;
    const Index places[] = {10 + generator.below(11), 50 + generator.below(11)};
    const Index marks[] = {generator.below(2), generator.below(2)};
    for (Index t = 0; t < length; ++t) {
      Index symbol = first_distractor + generator.below(distractors);
      if (t == 0) symbol = begin;
      if (t == length - 1) symbol = end;
      for (const int m : {0, 1})
        if (t == places[m]) symbol = first_mark + marks[m];
      result.inputs(b, padding + t, symbol) = 1;
    }
    result.targets(b, 0) = static_cast<float>(2 * marks[0] + marks[1]);
  }
  return result;
}

}  // namespace recur::samples
