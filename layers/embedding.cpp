#include <recur/layers/embedding.h>

#include <recur/framework/ops/gather.h>

#include <algorithm>

namespace recur {

void EmbeddingOptions::fields(Fields& f) {
  f("embeddings_initializer", embeddings_initializer);
  f("mask_zero", mask_zero);
  f("embeddings_regularizer", embeddings_regularizer);
  f("embeddings_constraint", embeddings_constraint);
  f("activity_regularizer", activity_regularizer);
  f.without_meaning("input_length");  // sizes are known when the layer is called
  for (const char* key : {"lora_rank", "lora_alpha", "quantization_config"}) f.only_null(key);
}

void Embedding::Config::fields(Fields& f) {
  for (const char* key : {"input_dim", "output_dim"}) f.required(key);
  f("input_dim", input_dim);
  f("output_dim", output_dim);
  options.fields(f);
}

Embedding::Embedding(Index input_dim, Index output_dim, EmbeddingOptions options)
    : input_dim_(input_dim), output_dim_(output_dim), options_(std::move(options)) {
  require<ValueError>(input_dim > 0 && output_dim > 0, "Embedding: sizes must be positive, got {} ids and {} features",
                      input_dim, output_dim);
}

Var Embedding::operator()(Tape& tape, std::span<const std::int32_t> ids, Shape shape) {
  return gather(tape, embeddings, ids, shape);
}

LayerValue Embedding::call(const LayerValue& input) {
  require<ValueError>(input.is_ids(), "Embedding: the input is numbers where ids are expected");
  require<ValueError>(!options_.mask_zero || input.lengths.empty(),
                      "Embedding: mask_zero makes a mask, but lengths were given; one of them can be used");
  LayerValue output;
  output.value = (*this)(*input.tape, input.ids, input.ids_shape);
  output.mask = mask(*input.tape, input.ids, input.ids_shape);
  if (options_.activity_regularizer) output.penalty = options_.activity_regularizer(output.value);
  if (!output.mask.defined()) {
    output.mask = input.mask;
    output.lengths = input.lengths;
  }
  return output;
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
