#include <recur/layers/category_embedding.h>

#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/gather.h>
#include <recur/framework/ops/split.h>

#include <cmath>

namespace recur {

void CategoryEmbedding::Config::fields(Fields& f) {
  for (const char* key : {"column", "input_dim", "output_dim"}) f.required(key);
  f("column", column);
  f("input_dim", input_dim);
  f("output_dim", output_dim);
  f("embeddings_initializer", embeddings_initializer);
}

CategoryEmbedding::CategoryEmbedding(Config config) : config_(std::move(config)) {
  require<ValueError>(config_.column >= 0 && config_.input_dim >= 1 && config_.output_dim >= 1,
                      "CategoryEmbedding: column {}, {} categories and {} features: sizes must be positive",
                      config_.column, config_.input_dim, config_.output_dim);
}

void CategoryEmbedding::build(Builder& builder) {
  require<ValueError>(config_.column < builder.input_size, "CategoryEmbedding: column {} of {} features",
                      config_.column, builder.input_size);
  output_size_ = builder.input_size - 1 + config_.output_dim;
  builder(embeddings, {config_.input_dim, config_.output_dim}, config_.embeddings_initializer);
}

Var CategoryEmbedding::operator()(Var x) {
  const Index column = config_.column, after = x.shape()[-1] - column - 1;
  std::vector<std::int32_t> ids;
  for (const double number : slice(x, -1, column, 1).to_doubles()) {
    require<ValueError>(number >= 0 && number < static_cast<double>(config_.input_dim) && std::floor(number) == number,
                        "CategoryEmbedding: {} in column {} is no category below input_dim {}", number, column,
                        config_.input_dim);
    ids.push_back(static_cast<std::int32_t>(number));
  }
  std::vector<Var> parts;
  if (column > 0) parts.push_back(slice(x, -1, 0, column));
  if (after > 0) parts.push_back(slice(x, -1, column + 1, after));
  parts.push_back(gather(x.tape(), embeddings, ids, x.shape().without(-1)));
  return parts.size() == 1 ? parts[0] : concat(parts, -1);
}

}  // namespace recur
