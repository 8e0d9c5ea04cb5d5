#ifdef RECUR_ONNX

#include <recur/interop/internal/onnx_scan.h>

#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/onnx_graph_nodes.h>

#include <array>

namespace recur::interop {
namespace {

class ScanWriter {
 public:
  ScanWriter(OnnxBuilder& to, const Graph& graph, const OnnxScan& scan)
      : to_(to), graph_(graph), scan_(scan), nodes_(to, graph) {
    body_.set_name(scan.layer + "_step");
  }

  std::string write() {
    // Inputs of the body: what is carried from step to step, then a step of the sequence and of its mask.
    std::string x = body_name("x");
    nodes_.bind(graph_.input, x);
    add_states();
    std::string last_output;
    if (keeps_output())
      last_output = add_carried("output", begin(std::vector<double>(static_cast<std::size_t>(graph_.output.size), 0.0)),
                                graph_.output.size);
    inputs_.push_back(scan_.input);
    OnnxBuilder::add_value(*body_.add_input(), x, false, {-1, graph_.features});
    if (!scan_.mask.empty()) {
      inputs_.push_back(scan_.mask);
      mask_ = body_name("mask");
      onnx::ValueInfoProto& mask = *body_.add_input();
      OnnxBuilder::add_value(mask, mask_, false, {-1, 1});
      mask.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::BOOL);
    }
    write_step(last_output);
    return add_node();
  }

 private:
  // A masked step hands on the output of the step before, zeros at first.
  [[nodiscard]] bool keeps_output() const { return !scan_.mask.empty() && !scan_.zero_output_for_mask; }
  [[nodiscard]] std::string body_name(const char* what) { return to_.fresh(scan_.layer + "." + what); }

  // The numbers for each sequence of the batch.
  std::string begin(const std::vector<double>& numbers) {
    const std::string shape = to_.node("Shape", {scan_.input}).output(0);
    const std::string batch = to_.node("Slice", {shape, to_.integers({0}), to_.integers({1})}).output(0);
    const auto size = static_cast<Index>(numbers.size());
    onnx::NodeProto& sizes = to_.node("Concat", {batch, to_.integers({size})});
    OnnxBuilder::set(sizes, "axis", std::int64_t{0});
    const std::string row = to_.constant(scan_.layer + ".begin", make_array({1, size}, numbers));
    return to_.node("Expand", {row, sizes.output(0)}).output(0);
  }

  // Returns the name in the body of what the node begins with as `first`.
  std::string add_carried(const char* what, std::string first, Index size) {
    inputs_.push_back(std::move(first));
    std::string name = body_name(what);
    OnnxBuilder::add_value(*body_.add_input(), name, false, {-1, size});
    return name;
  }

  void add_states() {
    for (const GraphStage& stage : graph_.stages)
      for (const GraphState& state : stage.states) {
        const Index size = graph_.at(state.before).cols;
        std::string first = scan_.layer + ".state" + std::to_string(states_.size());
        if (scan_.with_states) {
          OnnxBuilder::add_value(*to_.graph().add_input(), first, false, {-1, size});
          OnnxBuilder::add_value(*to_.graph().add_output(), first + "_out", false, {-1, size});
        } else {
          first = begin(std::vector<double>(state.initial.begin(), state.initial.end()));
        }
        const std::string before = add_carried("state", first, size);
        nodes_.bind(state.before, before);
        states_.push_back({&state, before});
      }
  }

  // Outputs of the body: the values after the step, in the order of the inputs, then what is collected.
  void write_step(const std::string& last_output) {
    const OnnxBuilder::NodesIn body(to_, body_);
    for (const GraphStage& stage : graph_.stages) nodes_.add(stage);
    for (const auto& [state, before] : states_)
      add_output("state_out", chosen(nodes_.repeated(state->after), before), graph_.at(state->before).cols);
    std::string y = nodes_.repeated(graph_.output);
    if (keeps_output()) y = chosen(y, last_output);
    else if (!mask_.empty()) y = chosen(y, to_.constant("zero", make_array({1}, std::array{0.0})));
    if (keeps_output()) add_output("output_out", y, graph_.output.size);
    add_output("y", y, graph_.output.size);
  }

  std::string chosen(const std::string& now, const std::string& otherwise) {
    return mask_.empty() ? now : to_.node("Where", {mask_, now, otherwise}).output(0);
  }

  // A value may be an input or an output already, so each output is one of its own.
  void add_output(const char* what, const std::string& value, Index size) {
    onnx::NodeProto& copy = to_.node("Identity", {value});
    copy.set_output(0, body_name(what));
    OnnxBuilder::add_value(*body_.add_output(), copy.output(0), false, {-1, size});
  }

  std::string add_node() {
    onnx::NodeProto& node = to_.node("Scan", inputs_);
    node.clear_output();
    for (std::size_t i = 0; i < states_.size(); ++i)
      node.add_output(scan_.with_states ? scan_.layer + ".state" + std::to_string(i) + "_out" : body_name("last"));
    if (keeps_output()) node.add_output(body_name("last_output"));
    node.add_output(body_name("sequence"));
    const std::int64_t scanned = scan_.mask.empty() ? 1 : 2;
    const auto all = [&](std::int64_t value) {
      return std::vector<std::int64_t>(static_cast<std::size_t>(scanned), value);
    };
    OnnxBuilder::set(node, "num_scan_inputs", scanned);
    OnnxBuilder::set(node, "scan_input_axes", all(1));
    OnnxBuilder::set(node, "scan_input_directions", all(scan_.backwards ? 1 : 0));
    OnnxBuilder::set(node, "scan_output_axes", std::vector<std::int64_t>{1});
    onnx::AttributeProto& body = *node.add_attribute();
    body.set_name("body");
    body.set_type(onnx::AttributeProto::GRAPH);
    *body.mutable_g() = std::move(body_);
    return node.output(node.output_size() - 1);
  }

  struct State {
    const GraphState* state;
    std::string before;  ///< Name in the body.
  };

  OnnxBuilder& to_;
  const Graph& graph_;
  const OnnxScan& scan_;
  OnnxGraphNodes nodes_;
  onnx::GraphProto body_;
  std::vector<std::string> inputs_;  ///< Of the node.
  std::vector<State> states_;
  std::string mask_;
};

}  // namespace

std::string add_scan(OnnxBuilder& to, const Graph& graph, const OnnxScan& scan) {
  return ScanWriter(to, graph, scan).write();
}

}  // namespace recur::interop

#endif
