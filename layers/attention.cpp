#include <recur/layers/attention.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/sequence_attention.h>

namespace recur {
namespace {

// Each query in turn: score(query [batch, features], keys) → [batch, time].
template <class Score>
Var for_each_query(const char* layer, const AttentionInputs& in, Score score) {
  require(in.query.shape().rank() == 3 && in.value.shape().rank() == 3,
          "{}: query {} and value {} where [batch, time, features] is expected", layer, in.query.shape(),
          in.value.shape());
  const Var keys = in.key.defined() ? in.key : in.value;
  const Index batch = in.query.shape()[0];
  const auto results = in.query.tape().list<Var>(in.query.shape()[1]);
  for (std::size_t q = 0; q < results.size(); ++q) {
    const Var query = reshape(slice(in.query, 1, static_cast<Index>(q), 1), {batch, in.query.cols()});
    results[q] = attend(score(query, keys), in.value, in.value_mask);
  }
  return stack(results, 1);
}

template <class L>
LayerValue to_itself(L& layer, const LayerValue& input) {
  require<ValueError>(!input.is_ids() && input.lengths.empty(),
                      "{}: numbers, and a mask rather than lengths, are expected", L::class_name);
  LayerValue output;
  output.value = layer(AttentionInputs{input.value, input.value, Var(), input.mask});
  output.mask = input.mask;
  return output;
}

}  // namespace

Var Attention::operator()(const AttentionInputs& inputs) {
  return for_each_query(class_name, inputs, [&](Var query, Var keys) {
    const Var scores = dot_scores(query, keys);
    return config_.use_scale ? Var(scores * scale) : scores;
  });
}

LayerValue Attention::call(const LayerValue& input) { return to_itself(*this, input); }

Var AdditiveAttention::operator()(const AttentionInputs& inputs) {
  const Var factor = config_.use_scale ? inputs.query.tape().leaf(scale) : Var();
  return for_each_query(class_name, inputs, [&](Var query, Var keys) { return additive_scores(query, keys, factor); });
}

LayerValue AdditiveAttention::call(const LayerValue& input) { return to_itself(*this, input); }

}  // namespace recur
