#include "recurrent_case.h"

#include "model.h"

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>
#include <recur/framework/ops/split.h>
#include <recur/framework/ops/transpose.h>

#include <algorithm>
#include <map>

namespace recur::golden {
namespace {

// One call's inputs on a tape, and the memory they refer to.
struct Inputs {
  LayerValue value;
  std::vector<std::int32_t> ids;
  std::vector<Index> lengths;
  std::vector<Var> initial_states;
  std::vector<Var> constants;
  std::vector<Var> masks;
};

// "backward.cells.10.dropout" in an order that sorts as the model uses the masks: forward first, cells by number.
std::vector<std::string> mask_order(const std::string& name) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    std::string part = name.substr(begin, end - begin);
    if (part == "backward") part = "forward'";
    if (!part.empty() && part.find_first_not_of("0123456789") == std::string::npos)
      part.insert(0, 12 - part.size(), '0');
    parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}

std::vector<NamedValues> read_masks(const Json& json) {
  std::map<std::vector<std::string>, std::vector<NamedValues>> sorted;
  for (const auto& [name, list] : json.items()) sorted[mask_order(name)] = read_list(list, "dropout_masks." + name);
  std::vector<NamedValues> result;
  for (auto& [key, list] : sorted)
    for (NamedValues& mask : list) result.push_back(std::move(mask));
  return result;
}

// [batch, time], turned for a layer that takes [time, batch].
Var read_mask(const Json& call, bool time_major, Tape& tape) {
  const NamedValues values = read_values(call["mask"], "mask");
  const Var mask = tape.constant(values.array(tape.dtype()));
  if (!time_major) return mask;
  require<FormatError>(values.shape.rank() == 2, "mask: shape {} where [batch, time] is expected", values.shape);
  return transpose(mask);
}

Inputs read_inputs(const Json& call, const Json* masks, bool time_major, Tape& tape) {
  Inputs in;
  if (call.contains("token_ids")) {
    const NamedValues ids = read_values(call["token_ids"], "token_ids");
    for (const double id : ids.values) in.ids.push_back(static_cast<std::int32_t>(id));
    in.value.tape = &tape;
    in.value.ids_shape = ids.shape;
  } else {
    const NamedValues inputs = read_values(get(call, "inputs", "call"), "inputs");
    in.value.value = tape.input(inputs.array(tape.dtype()));
  }
  if (call.contains("mask")) in.value.mask = read_mask(call, time_major, tape);
  if (call.contains("lengths")) in.lengths = call["lengths"].get<std::vector<Index>>();
  if (call.contains("initial_states"))
    for (const NamedValues& state : read_list(call["initial_states"], "initial_states"))
      in.initial_states.push_back(tape.input(state.array(tape.dtype())));
  if (call.contains("constants"))
    for (const NamedValues& constant : read_list(call["constants"], "constants"))
      in.constants.push_back(tape.constant(constant.array(tape.dtype())));
  if (masks != nullptr)
    for (const NamedValues& mask : read_masks(*masks)) in.masks.push_back(tape.constant(mask.array(tape.dtype())));
  return in;
}

void connect(Inputs& in) {
  in.value.ids = in.ids;
  in.value.lengths = in.lengths;
  in.value.initial_state = in.initial_states;
  in.value.constants = in.constants;
  in.value.dropout_masks = in.masks;
}

std::vector<NamedValues> one_or_list(const Json& json, const std::string& where) {
  if (json.is_array()) return read_list(json, where);
  return {read_values(json, where)};
}

// sum(x·r), added to the loss.
void add_product(Var& loss, Var x, const NamedValues& r, const std::string& what) {
  require<FormatError>(x.shape() == r.shape, "{}: shape {} instead of {}", what, x.shape(), r.shape);
  const Var term = sum(x * x.tape().constant(r.array(x.dtype())));
  loss = loss.defined() ? Var(loss + term) : term;
}

void compare(Comparison& comparison, const std::string& what, Var x, const NamedValues& expected) {
  comparison.check(what, x.shape(), x.to_doubles(), expected);
}

void compare_gradients(Comparison& comparison, const std::string& at, const Json& expected, Model& model,
                       const Inputs& in) {
  check_keys(expected, {"weights", "inputs", "initial_states"}, at + "grads");
  std::map<std::string, NamedValues> own;
  for (NamedValues& w : model.weights(true)) own.emplace(w.name, w);
  const auto weights = read_list(get(expected, "weights", at + "grads"), at + "grads.weights");
  require<FormatError>(weights.size() == own.size(), "{}grads.weights: {} given for {} weights", at, weights.size(),
                       own.size());
  for (const NamedValues& w : weights) {
    require<FormatError>(own.contains(w.name), "{}grads.weights: '{}' is not a weight", at, w.name);
    comparison.check(at + "gradient of " + w.name, own.at(w.name).shape, own.at(w.name).values, w);
  }
  const auto gradient = [&](const std::string& what, Var x, const NamedValues& wanted) {
    comparison.check(at + what, x.shape(), x.gradient().to_doubles(), wanted);
  };
  if (expected.contains("inputs") && !expected["inputs"].is_null()) {
    require<FormatError>(in.value.value.defined(), "{}grads.inputs: ids have no gradient", at);
    gradient("gradient of inputs", in.value.value, read_values(expected["inputs"], at + "grads.inputs"));
  }
  if (expected.contains("initial_states") && !expected["initial_states"].is_null()) {
    const auto states = read_list(expected["initial_states"], at + "grads.initial_states");
    require<FormatError>(states.size() == in.initial_states.size(), "{}grads.initial_states: {} for {} states", at,
                         states.size(), in.initial_states.size());
    for (std::size_t i = 0; i < states.size(); ++i)
      gradient(fmt::format("gradient of initial state {}", i), in.initial_states[i], states[i]);
  }
}

// pad_packed_sequence ends with the longest sequence.
Var without_padding(Var x, const Inputs& in, const Shape& expected) {
  if (in.lengths.empty() || x.shape().rank() != 3 || expected.rank() != 3) return x;
  const Index longest = *std::max_element(in.lengths.begin(), in.lengths.end());
  for (const int axis : {0, 1})
    if (expected[axis] == longest && x.shape()[axis] == in.value.value.shape()[axis]) x = slice(x, axis, 0, longest);
  return x;
}

Var check_outputs(Comparison& comparison, const std::string& at, const Json& call, const LayerValue& result,
                  const Inputs& in) {
  std::vector<Var> outputs = {result.value};
  if (result.backward.defined()) outputs.push_back(result.backward);
  const auto weights = one_or_list(get(call, "loss_R", at + "call"), at + "loss_R");
  const auto expected = one_or_list(get(call["expected"], "output", at), at + "output");
  require<FormatError>(outputs.size() == weights.size() && outputs.size() == expected.size(),
                       "{}{} outputs, but {} loss_R and {} expected", at, outputs.size(), weights.size(),
                       expected.size());
  Var loss;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Var output = without_padding(outputs[i], in, expected[i].shape);
    add_product(loss, output, weights[i], at + "output");
    compare(comparison, at + "output", output, expected[i]);
  }
  return loss;
}

void check_states(Comparison& comparison, const std::string& at, const Json& call, std::span<const Var> states,
                  Var& loss) {
  const auto expected = read_list(get(call["expected"], "final_states", at), at + "final_states");
  require<FormatError>(expected.size() == states.size(), "{}final_states: {} expected, the model gave {}", at,
                       expected.size(), states.size());
  const auto weights = call.contains("loss_S") ? read_list(call["loss_S"], at + "loss_S") : std::vector<NamedValues>();
  require<FormatError>(weights.size() <= states.size(), "{}loss_S: {} for {} states", at, weights.size(),
                       states.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    compare(comparison, fmt::format("{}state {}", at, i), states[i], expected[i]);
    if (i < weights.size()) add_product(loss, states[i], weights[i], at + "state");
  }
}

void run_call(Comparison& comparison, const std::string& at, const Json& call, const Json* masks, bool time_major,
              Model& model, Tape& tape) {
  check_keys(call,
             {"inputs", "token_ids", "mask", "lengths", "initial_states", "constants", "dropout_masks", "loss_R",
              "loss_S", "expected"},
             at + "call");
  const Json& expected = get(call, "expected", at + "call");
  check_keys(expected, {"output", "final_states", "loss", "grads"}, at + "expected");
  if (call.contains("dropout_masks")) masks = &call["dropout_masks"];
  tape.set_training(masks != nullptr);
  Inputs in = read_inputs(call, masks, time_major, tape);
  connect(in);
  const LayerValue result = model.call(in.value);
  Var loss = check_outputs(comparison, at, call, result, in);
  check_states(comparison, at, call, result.states, loss);
  comparison.check(at + "loss", loss.item(), get(expected, "loss", at).get<double>());
  model.zero_gradients();
  tape.backward(loss);
  compare_gradients(comparison, at, get(expected, "grads", at), model, in);
  tape.reset();
}

// `packed` is how the case is called, not an argument of the layer.
Json layer_config(const Json& file, const Json& calls) {
  Json model = get(file, "model", "case");
  Json& config = model["config"];
  const bool packed = config.value("packed", false);
  const bool sorted = config.value("enforce_sorted", true);
  config.erase("packed");
  config.erase("enforce_sorted");
  for (const Json& call : calls) {
    if (!packed) continue;
    const auto lengths = get(call, "lengths", "call").get<std::vector<Index>>();
    require<FormatError>(!sorted || std::is_sorted(lengths.rbegin(), lengths.rend()),
                         "lengths: with enforce_sorted they must not increase");
  }
  return model;
}

// Whether the layer of a case, or the one inside a Bidirectional, takes [time, batch, features].
bool is_time_major(const Json& model) {
  const Json& config = get(model, "config", "model");
  if (config.contains("layer")) return is_time_major(config["layer"]);
  return config.value("time_major", false);
}

}  // namespace

CaseResult run_recurrent_case(const Json& file, DType dtype) {
  check_keys(file,
             {"name", "note", "verified_by", "kind", "model", "dims", "weights", "calls", "dropout_masks", "tolerance"},
             "case");
  const Json& calls = get(file, "calls", "case");
  require<FormatError>(calls.is_array() && !calls.empty(), "calls: a list of at least one call is expected");
  const Index features = calls[0].contains("inputs") ? read_shape(calls[0]["inputs"], "inputs").cols() : 1;
  Model model(layer_config(file, calls), features, dtype, read_list(get(file, "weights", "case"), "weights"));
  const bool time_major = is_time_major(get(file, "model", "case"));
  Comparison comparison(file, dtype);
  Tape tape(dtype);
  const Json* const masks = file.contains("dropout_masks") ? &file["dropout_masks"] : nullptr;
  for (std::size_t i = 0; i < calls.size(); ++i)
    run_call(comparison, calls.size() > 1 ? fmt::format("call {}: ", i + 1) : "", calls[i], masks, time_major, model,
             tape);
  return comparison.result();
}

}  // namespace recur::golden
