#include <recur/layers/embedding.h>

#include <recur/framework/ops/gather.h>

#include <algorithm>

namespace recur {

Embedding::Embedding(Index input_dim, Index output_dim, EmbeddingOptions options)
    : input_dim_(input_dim), output_dim_(output_dim), options_(std::move(options)) {
  require<ValueError>(input_dim > 0 && output_dim > 0, "Embedding: sizes must be positive, got {} ids and {} features",
                      input_dim, output_dim);
}

Var Embedding::operator()(Tape& tape, std::span<const std::int32_t> ids, Shape shape) {
  return gather(tape, embeddings, ids, shape);
}

Var Embedding::mask(Tape& tape, std::span<const std::int32_t> ids, Shape shape) const {
  if (!options_.mask_zero) return {};
  require(static_cast<Index>(ids.size()) == shape.count(), "Embedding::mask: {} ids for shape {}", ids.size(), shape);
  const Var mask = tape.zeros(shape);
  dispatch(tape.dtype(), [&]<class T>() {
    std::transform(ids.begin(), ids.end(), mask.mutable_value<T>().data,
                   [](std::int32_t id) { return static_cast<T>(id != 0); });
  });
  return mask;
}

}  // namespace recur
