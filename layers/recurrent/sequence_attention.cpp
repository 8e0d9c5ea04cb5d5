#include <recur/layers/recurrent/sequence_attention.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/dropout.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/softmax.h>
#include <recur/framework/ops/take.h>

namespace recur {
namespace {

// The query of each sequence beside each of its keys, as rows `[batch·time, features]`.
Var beside_keys(Var query, Var keys) {
  require(keys.shape().rank() == 3 && query.shape().rank() == 2 && keys.shape()[0] == query.shape()[0] &&
              keys.shape()[2] == query.shape()[1],
          "attention: query {} does not fit keys {} ([batch, features] and [batch, time, features] are expected)",
          query.shape(), keys.shape());
  const Index time = keys.shape()[1];
  const auto rows = query.tape().list<Index>(keys.shape()[0] * time);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<Index>(i) / time;
  return take_rows(query, rows, {static_cast<Index>(rows.size()), query.shape()[1]});
}

Var key_rows(Var keys) { return reshape(keys, {keys.rows(), keys.cols()}); }

}  // namespace

Var dot_scores(Var query, Var keys) {
  const Var products = beside_keys(query, keys) * key_rows(keys);
  return reshape(sum(products, -1), {keys.shape()[0], keys.shape()[1]});
}

Var additive_scores(Var query, Var keys, Var scale) {
  const Var q = beside_keys(query, keys);
  const Var products = scale.defined() ? Var(scale * tanh(q + key_rows(keys))) : Var(tanh(q + key_rows(keys)));
  return reshape(sum(products, -1), {keys.shape()[0], keys.shape()[1]});
}

Var attend(Var scores, Var values, Var mask, double dropout_rate) {
  require(values.shape().rank() == 3 && scores.shape() == Shape({values.shape()[0], values.shape()[1]}),
          "attention: scores {} do not fit values {} ([batch, time, features] is expected)", scores.shape(),
          values.shape());
  require(!mask.defined() || mask.shape() == scores.shape(), "attention: mask {} does not fit scores {}",
          mask.defined() ? mask.shape() : Shape(), scores.shape());
  if (mask.defined()) scores = where(mask, scores, -1e9);
  const Var kept = dropout(softmax(scores), dropout_rate, scores.tape().generator());
  const Var weights = reshape(kept, {values.rows(), 1});
  const Var weighted = weights * reshape(values, {values.rows(), values.cols()});
  return sum(reshape(weighted, values.shape()), 1);
}

}  // namespace recur
