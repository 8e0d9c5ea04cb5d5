#include <recur/train/samples/id_sequences.h>

namespace recur::samples {

IdSequences share_of(const IdSequences& batch, const Share& share) {
  const auto own = [&]<class T>(const std::vector<T>& values) {
    if (values.empty()) return values;
    const auto first = values.begin() + share.first(batch.batch) * batch.time;
    return std::vector<T>(first, first + share.count(batch.batch) * batch.time);
  };
  return {share.count(batch.batch), batch.time, own(batch.inputs), own(batch.targets), own(batch.weights)};
}

}  // namespace recur::samples
