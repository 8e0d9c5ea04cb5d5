// The part of OnnxChain that follows the order of axes.

#include <recur/interop/onnx/onnx_chain.h>

#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>

namespace recur::interop {
namespace {

using Index64 = std::int64_t;

std::size_t axis_of(Index64 axis, std::size_t rank) {
  return static_cast<std::size_t>(checked_axis(axis, static_cast<Index64>(rank)));
}

bool is_time(char axis) { return axis == 'T' || axis == 't'; }

}  // namespace

bool OnnxChain::follow_axes(const OnnxNode& node) {
  const Value* const first = operand(node, 0);
  if (first == nullptr || first->kind != Value::Kind::data) return false;
  const std::string& op = node.op;
  if (op == "Identity" || op == "Cast" || op == "Dropout") set(node, *first);
  else if (op == "Transpose") transpose(node, *first);
  else if (op == "Squeeze") squeeze(node, *first);
  else if (op == "Reshape") reshape(node, *first);
  else if (op == "Slice") slice(node, *first);
  else if (op == "Gather") gather(node, *first);
  else if (op == "Flatten" && node.integer("axis", 1) == 1) return flatten(node, *first);
  else return false;
  return true;
}

// Of rows nothing changes; of the one step that pooling leaves its axis goes.
bool OnnxChain::flatten(const OnnxNode& node, Value value) {
  const auto step = value.axes.find('S');
  if (value.axes.size() == 3 && step != std::string::npos) value.axes.erase(step, 1);
  if (value.axes.size() != 2) return false;
  set(node, std::move(value));
  return true;
}

void OnnxChain::transpose(const OnnxNode& node, Value value) {
  std::vector<Index64> order = node.integers("perm");
  const std::string axes = value.axes;
  if (order.empty())
    for (std::size_t i = axes.size(); i-- > 0;) order.push_back(static_cast<Index64>(i));
  if (order.size() != axes.size()) refuse(node, fmt::format("{} axes of {} are moved", order.size(), axes.size()));
  for (std::size_t i = 0; i < axes.size(); ++i) value.axes[i] = axes[axis_of(order[i], axes.size())];
  set(node, std::move(value));
}

void OnnxChain::squeeze(const OnnxNode& node, Value value) {
  std::vector<Index64> axes = list(node, 1, "axes");
  for (Index64& axis : axes) axis = static_cast<Index64>(axis_of(axis, value.axes.size()));
  std::ranges::sort(axes, std::greater<>());
  if (axes.empty()) refuse(node, "axes of size 1 that are not named");
  for (const Index64 axis : axes) {
    const char letter = value.axes[static_cast<std::size_t>(axis)];
    if (letter != 'S' && (letter != 'D' || layers_.back().both_directions))
      refuse(node, fmt::format("axis {} is not of size 1", axis));
    value.axes.erase(static_cast<std::size_t>(axis), 1);
  }
  set(node, std::move(value));
}

// Both directions, side by side, become one axis.
void OnnxChain::reshape(const OnnxNode& node, Value value) {
  const OnnxTensor* const sizes = constant(node, 1);
  const std::string& axes = value.axes;
  if (!axes.ends_with("DF")) {
    const bool same =
        sizes != nullptr && sizes->numbers.size() == axes.size() && sizes->numbers.back() == static_cast<double>(size_);
    if (!same) refuse(node, "a change of shape that joins no directions");
    return set(node, std::move(value));
  }
  const Index both = size_;
  const bool joins = sizes != nullptr && sizes->numbers.size() + 1 == axes.size() &&
                     (sizes->numbers.back() == -1 || sizes->numbers.back() == static_cast<double>(both));
  if (!joins) refuse(node, "a change of shape that does not join the directions");
  value.axes.erase(axes.size() - 2, 1);
  set(node, std::move(value));
}

// One step of time remains, of whatever layers follow each step.
void OnnxChain::take_step(const OnnxNode& node, Value& value, std::size_t axis, bool last) {
  if (value.layers != layers_.size()) refuse(node, "a value that is used twice");
  const auto recurrent =
      std::find_if(layers_.rbegin(), layers_.rend(), [](const OnnxLayer& layer) { return layer.recurrent; });
  if (recurrent == layers_.rend()) refuse(node, "one step of the input");
  if (recurrent->both_directions)
    refuse(node, "one step of a layer in both directions, of which the second has only begun there");
  if (last != (value.axes[axis] == 'T')) refuse(node, "a step that is not the last one of the layer");
  recurrent->set_sequences(false);
  value.axes[axis] = 'S';
}

void OnnxChain::slice(const OnnxNode& node, Value value) {
  const std::vector<Index64> starts = list(node, 1, "starts");
  const std::vector<Index64> ends = list(node, 2, "ends");
  std::vector<Index64> axes = list(node, 3, "axes");
  std::vector<Index64> steps = list(node, 4, "steps");
  if (axes.empty()) axes = {0};
  if (steps.empty()) steps = {1};
  if (starts.size() != 1 || ends.size() != 1 || axes.size() != 1 || steps.size() != 1)
    refuse(node, "a slice of several axes");
  const std::size_t axis = axis_of(axes[0], value.axes.size());
  char& letter = value.axes[axis];
  constexpr Index64 behind = 1'000'000'000;
  if (steps[0] == -1 && starts[0] == -1 && ends[0] < -behind) {
    if (letter == '0' || letter == '1') letter = 't';
    else if (is_time(letter)) letter = letter == 'T' ? 't' : 'T';
    else refuse(node, "an axis that is not time is turned round");
    // The other axis of the input is the batch then.
    for (char& other : value.axes)
      if (other == '0' || other == '1') other = 'B';
    return set(node, std::move(value));
  }
  const bool last = steps[0] == 1 && starts[0] == -1 && (ends[0] > behind || ends[0] == 0);
  const bool first = steps[0] == 1 && starts[0] == 0 && ends[0] == 1;
  if (!is_time(letter) || (!last && !first)) refuse(node, "a part of the data");
  take_step(node, value, axis, last);
  set(node, std::move(value));
}

void OnnxChain::gather(const OnnxNode& node, Value value) {
  const OnnxTensor* const index = constant(node, 1);
  const std::size_t axis = axis_of(node.integer("axis", 0), value.axes.size());
  if (index == nullptr || index->numbers.size() != 1 || !is_time(value.axes[axis]))
    refuse(node, "a choice of the data that is not one step");
  if (index->numbers[0] != 0 && index->numbers[0] != -1) refuse(node, "a step that is neither the last nor the first");
  take_step(node, value, axis, index->numbers[0] == -1);
  if (index->sizes.empty()) value.axes.erase(axis, 1);
  set(node, std::move(value));
}

// ---- Final states ---------------------------------------------------------------------------------------------------

bool OnnxChain::follow_states(const OnnxNode& node) {
  if (node.op == "Concat") {
    join_states(node);
    return true;
  }
  Value value = at(node.inputs.front());
  if (value.kind != Value::Kind::states) return false;
  const auto count = static_cast<Index64>(value.states.size());
  if (node.op == "Identity" || node.op == "Cast" || node.op == "Dropout") {
    set(node, std::move(value));
  } else if (node.op == "Transpose") {
    transpose(node, std::move(value));
  } else if (node.op == "Gather" && constant(node, 1) != nullptr && constant(node, 1)->numbers.size() == 1) {
    if (value.axes[axis_of(node.integer("axis", 0), value.axes.size())] != 'D') refuse(node, "a part of a state");
    const auto index = static_cast<Index64>(constant(node, 1)->numbers[0]);
    pick_states(node, std::move(value), index < 0 ? index + count : index, 1, !constant(node, 1)->sizes.empty());
  } else if (node.op == "Slice") {
    const auto starts = list(node, 1, "starts");
    const auto ends = list(node, 2, "ends");
    const auto axes = list(node, 3, "axes");
    if (starts.size() != 1 || ends.size() != 1 ||
        value.axes[axis_of(axes.empty() ? 0 : axes[0], value.axes.size())] != 'D' || !list(node, 4, "steps").empty())
      refuse(node, "a part of a state");
    const Index64 start = std::clamp<Index64>(starts[0] < 0 ? starts[0] + count : starts[0], 0, count);
    const Index64 end = std::clamp<Index64>(ends[0] < 0 ? ends[0] + count : ends[0], start, count);
    pick_states(node, std::move(value), start, end - start, true);
  } else if (node.op == "Squeeze") {
    if (count != 1) refuse(node, "states of several layers or directions");
    finish_states(node, value);
    set(node, std::move(value));
  } else {
    // What follows takes the states of the last layer as data.
    finish_states(node, value);
    values_[node.inputs.front()] = std::move(value);
    return false;
  }
  return true;
}

void OnnxChain::pick_states(const OnnxNode& node, Value value, Index64 first, Index64 count, bool keeps_axis) {
  if (first < 0 || count < 1 || first + count > static_cast<Index64>(value.states.size()))
    refuse(node, "a state that is not there");
  value.states = {value.states.begin() + first, value.states.begin() + first + count};
  if (!keeps_axis) value.axes.erase(value.axes.find('D'), 1);
  set(node, std::move(value));
}

// States of layers side by side, or both directions of one behind each other.
void OnnxChain::join_states(const OnnxNode& node) {
  Value joined;
  joined.kind = Value::Kind::states;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Value& part = at(node.inputs[i]);
    if (part.kind != Value::Kind::states || (i > 0 && part.axes != joined.axes))
      refuse(node, "states are joined with something else");
    joined.axes = part.axes;
    joined.states.insert(joined.states.end(), part.states.begin(), part.states.end());
  }
  const char letter = joined.axes[axis_of(node.integer("axis", 0), joined.axes.size())];
  if (letter == 'D') return set(node, std::move(joined));
  if (letter != 'F' || joined.axes.find('D') != std::string::npos) refuse(node, "states are joined along another axis");
  joined.axes = "BDF";
  finish_states(node, joined);
  joined.axes = "BF";
  set(node, std::move(joined));
}

// The states become the data: those of the last layer, all of its directions in order.
void OnnxChain::finish_states(const OnnxNode& node, Value& value) {
  const std::size_t last = layers_.empty() ? 0 : layers_.size() - 1;
  const Index directions = !layers_.empty() && layers_.back().both_directions ? 2 : 1;
  bool all = static_cast<Index>(value.states.size()) == directions;
  for (std::size_t i = 0; all && i < value.states.size(); ++i)
    all = value.states[i] == std::pair(last, static_cast<Index>(i));
  if (!all) refuse(node, "states of another layer than the last, or of one of its directions");
  layers_.back().set_sequences(false);
  value.kind = Value::Kind::data;
  value.layers = layers_.size();
  value.states.clear();
  if (directions == 1 && value.axes.find('D') != std::string::npos) value.axes.erase(value.axes.find('D'), 1);
}

}  // namespace recur::interop
