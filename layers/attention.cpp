#include <recur/layers/attention.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/reshape.h>
#include <recur/framework/ops/split.h>
#include <recur/layers/recurrent/sequence_attention.h>

namespace recur {
namespace {

// The steps that query `q` may see: those of `mask`, none after its own.
Var seen_by(Index q, const AttentionInputs& in) {
  const Shape shape{in.value.shape()[0], in.value.shape()[1]};
  require(!in.value_mask.defined() || in.value_mask.shape() == shape, "attention: mask {} does not fit values {}",
          in.value_mask.defined() ? in.value_mask.shape() : Shape(), in.value.shape());
  const Var past = in.query.tape().output(shape, false);
  dispatch(past.dtype(), [&]<class T>() {
    T* const out = past.mutable_value<T>().data;
    for (Index i = 0; i < shape.count(); ++i) out[i] = static_cast<T>(i % shape[1] <= q);
  });
  return in.value_mask.defined() ? Var(past * in.value_mask) : past;
}

// Each query in turn: score(query [batch, features], keys) → [batch, time].
template <class Score>
Var for_each_query(const char* layer, const AttentionOptions& options, const AttentionInputs& in, Score score) {
  require(in.query.shape().rank() == 3 && in.value.shape().rank() == 3,
          "{}: query {} and value {} where [batch, time, features] is expected", layer, in.query.shape(),
          in.value.shape());
  const Var keys = in.key.defined() ? in.key : in.value;
  const Index batch = in.query.shape()[0];
  const auto results = in.query.tape().list<Var>(in.query.shape()[1]);
  for (std::size_t q = 0; q < results.size(); ++q) {
    const auto step = static_cast<Index>(q);
    const Var query = reshape(slice(in.query, 1, step, 1), {batch, in.query.cols()});
    const Var mask = options.causal ? seen_by(step, in) : in.value_mask;
    results[q] = attend(score(query, keys), in.value, mask, options.dropout);
  }
  return stack(results, 1);
}

void options_fields(AttentionOptions& options, Fields& f) {
  f("use_scale", options.use_scale);
  f("causal", options.causal);
  f("dropout", options.dropout);
  f.only_null("seed");  // weights are dropped by the tape's generator
}

void check(const char* layer, const AttentionOptions& options) {
  require<ValueError>(options.dropout >= 0 && options.dropout < 1, "{}: dropout must be in [0, 1), got {}", layer,
                      options.dropout);
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

void Attention::Config::fields(Fields& f) {
  options_fields(options, f);
  if (f.reading()) {
    std::string score_mode = "dot";  // in configs of Keras 3
    f("score_mode", score_mode);
    require<ValueError>(score_mode == "dot", "Attention: score_mode '{}' is not supported, only 'dot'", score_mode);
  }
}

Attention::Attention(Config config) : config_(config) { check(class_name, config_.options); }

Var Attention::operator()(const AttentionInputs& inputs) {
  return for_each_query(class_name, config_.options, inputs, [&](Var query, Var keys) {
    const Var scores = dot_scores(query, keys);
    return config_.options.use_scale ? Var(scores * scale) : scores;
  });
}

LayerValue Attention::call(const LayerValue& input) { return to_itself(*this, input); }

void AdditiveAttention::Config::fields(Fields& f) { options_fields(options, f); }

AdditiveAttention::AdditiveAttention(Config config) : config_(config) { check(class_name, config_.options); }

Var AdditiveAttention::operator()(const AttentionInputs& inputs) {
  const Var factor = config_.options.use_scale ? inputs.query.tape().leaf(scale) : Var();
  return for_each_query(class_name, config_.options, inputs,
                        [&](Var query, Var keys) { return additive_scores(query, keys, factor); });
}

LayerValue AdditiveAttention::call(const LayerValue& input) { return to_itself(*this, input); }

}  // namespace recur
