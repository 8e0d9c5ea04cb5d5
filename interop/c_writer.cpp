#include <recur/interop/c_writer.h>

#include <recur/framework/expr/fused_call.h>
#include <recur/framework/tensor/error.h>
#include <recur/interop/c_functions.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace recur::detail {
namespace {

constexpr float int8_range = 127;
constexpr std::size_t numbers_a_line = 10;

template <class... Args>
void append(std::string& to, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(to), format, std::forward<Args>(args)...);
}

std::string list(const std::vector<float>& values, bool integers) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += i % numbers_a_line == 0 ? "\n  " : " ";
    text += integers ? std::to_string(std::lround(values[i])) : c_number(values[i]);
    if (i + 1 < values.size()) text += ",";
  }
  return text;
}

}  // namespace

std::vector<float> column_scales(const Graph& graph, const GraphProduct& product) {
  std::vector<float> scales(static_cast<std::size_t>(graph.at(product.output).cols));
  for (const auto& term : product.terms) {
    const auto& data = graph.at(term.weight).data;
    for (std::size_t i = 0; i < data.size(); ++i)
      scales[i % scales.size()] = std::max(scales[i % scales.size()], std::abs(data[i]) / int8_range);
  }
  return scales;
}

// ---- Names and constants --------------------------------------------------------------------------------------------

std::string CWriter::named(std::string_view text) const {
  std::string result;
  for (const char c : text)
    if (c == '@') result += options_.name;
    else result += c;
  return result;
}

void CWriter::array(std::string_view type, const std::string& name, const std::vector<float>& values) {
  const bool integers = type != "float";
  append(constants_, "static const {} {}[{}] = {{{}}};\n", type, name, values.size(), list(values, integers));
  result_.flash_bytes += values.size() * (integers ? 1 : sizeof(float));
}

std::string CWriter::value_name(int value) {
  if (std::ranges::find(stored_, value) == stored_.end()) stored_.push_back(value);
  return fmt::format("s->v{}", value);
}

std::string CWriter::pointer(const GraphPart& part) {
  std::string name;
  if (graph_.at(part.value).constant()) {
    name = fmt::format("{}_c{}", options_.name, part.value);
    if (constant_.insert(part.value).second) array("float", name, graph_.at(part.value).data);
  } else {
    name = part.value == graph_.input ? "input" : value_name(part.value);
  }
  return part.first == 0 ? name : fmt::format("({} + {})", name, part.first);
}

// A matrix output by output, so that each is a sum over neighbours.
std::string CWriter::weights(int value, const std::vector<float>& scales) {
  std::string name = fmt::format("{}_w{}", options_.name, value);
  if (!weights_.insert(value).second) return name;
  const GraphValue& matrix = graph_.at(value);
  std::vector<float> turned;
  for (Index c = 0; c < matrix.cols; ++c)
    for (Index r = 0; r < matrix.rows; ++r) {
      const float w = matrix.data[static_cast<std::size_t>(r * matrix.cols + c)];
      const float scale = scales.empty() ? 1 : scales[static_cast<std::size_t>(c)];
      turned.push_back(scale == 0 ? 0 : w / scale);
    }
  if (!matrix.name.empty()) append(constants_, "/* {} [{}][{}] */\n", matrix.name, matrix.cols, matrix.rows);
  array(scales.empty() ? "float" : "signed char", name, turned);
  return name;
}

// ---- Operations -----------------------------------------------------------------------------------------------------

void CWriter::operation(const GraphProduct& product) {
  const Index size = graph_.at(product.output).cols;
  const std::string z = value_name(product.output);
  append(body_, "  for (i = 0; i < {}; ++i) {}[i] = ", size, z);
  std::string sum;
  for (const GraphPart& addend : product.addends) sum += (sum.empty() ? "" : " + ") + pointer(addend) + "[i]";
  append(body_, "{};\n", sum.empty() ? "0.0f" : sum);
  std::vector<float> scales;
  std::string scale_name;
  if (options_.int8) {
    scales = column_scales(graph_, product);
    scale_name = fmt::format("{}_scale{}", options_.name, scales_++);
    array("float", scale_name, scales);
  }
  for (const auto& term : product.terms) {
    const std::string matrix = weights(term.weight, scales);
    append(body_, "  {}_add_product({}, {}, {}{}, {}, {});\n", options_.name, z, matrix,
           options_.int8 ? scale_name + ", " : "", pointer(term.a), size, term.a.size);
  }
}

void CWriter::operation(const GraphFused& fused) {
  const FusedKernel& kernel = *fused.kernel;
  const Index size = graph_.at(fused.outputs.front()).cols;
  append(body_, "  for (i = 0; i < {}; ++i) {{\n", size);
  const auto constant = [&](int slot) { return static_cast<float>(fused.constants[static_cast<std::size_t>(slot)]); };
  for (int node = 0; node < kernel.nodes; ++node) {
    std::string value;
    if (*kernel.functions[node] == 0) {
      const auto* const at = std::find(kernel.operand_nodes, kernel.operand_nodes + kernel.operands, node);
      const GraphPart& part = fused.operands[static_cast<std::size_t>(at - kernel.operand_nodes)];
      value = pointer(part) + (part.size == 1 && size > 1 ? "[0]" : "[i]");
    } else {
      std::vector<std::string> arguments;
      int kind = 0;
      for (std::size_t k = 0; k < kernel.children[node].size(); ++k) {
        const int child = kernel.children[node][k];
        const int slot = kernel.constant_slots[node][k];
        if (child >= 0) arguments.push_back(fmt::format("n{}", child));
        else if (slot >= 0) {
          // Other constants may be too large for an int, such as a limit that there is not.
          if (std::string_view(kernel.functions[node]) == "activate") kind = static_cast<int>(constant(slot));
          const std::string number = c_number(constant(slot));
          arguments.push_back(number[0] == '-' ? "(" + number + ")" : number);
        }
      }
      value = named(c_function(kernel.functions[node], arguments, kind));
    }
    append(body_, "    const float n{} = {};\n", node, value);
  }
  for (std::size_t o = 0; o < fused.outputs.size(); ++o)
    append(body_, "    {}[i] = n{};\n", value_name(fused.outputs[o]), kernel.output_nodes[o]);
  body_ += "  }\n";
}

void CWriter::operation(const GraphLayerNorm& norm) {
  const auto optional = [&](const GraphPart& part) { return part.defined() ? pointer(part) : "0"; };
  append(body_, "  {}_layer_norm({}, {}, {}, {}, {}, {});\n", options_.name, value_name(norm.output), pointer(norm.x),
         optional(norm.gamma), optional(norm.beta), c_number(static_cast<float>(norm.epsilon)), norm.x.size);
}

void CWriter::operation(const GraphSoftmax& softmax) {
  append(body_, "  {}_{}({}, {}, {});\n", options_.name, softmax.log ? "log_softmax" : "softmax",
         value_name(softmax.output), pointer(softmax.x), softmax.x.size);
}

void CWriter::operation(const GraphConcat& concat) {
  Index first = 0;
  for (const GraphPart& part : concat.parts) {
    append(body_, "  for (i = 0; i < {}; ++i) {}[{} + i] = {}[i];\n", part.size, value_name(concat.output), first,
           pointer(part));
    first += part.size;
  }
}

void CWriter::operation(const GraphEmbedding& embedding) {
  const GraphValue& table = graph_.at(embedding.table);
  const std::string name = fmt::format("{}_embeddings", options_.name);
  std::vector<float> values = table.data;
  std::string scale;
  if (options_.int8) {
    std::vector<float> scales(static_cast<std::size_t>(table.rows));
    for (std::size_t i = 0; i < values.size(); ++i)
      scales[i / static_cast<std::size_t>(table.cols)] =
          std::max(scales[i / static_cast<std::size_t>(table.cols)], std::abs(values[i]) / int8_range);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float s = scales[i / static_cast<std::size_t>(table.cols)];
      values[i] = s == 0 ? 0 : values[i] / s;
    }
    array("float", name + "_scale", scales);
    scale = fmt::format("{}_scale[input] * (float)", name);
  }
  array(options_.int8 ? "signed char" : "float", name, values);
  append(body_,
         "  for (i = 0; i < {0}; ++i)\n    {1}[i] = input < 0 || input >= {2} ? 0.0f : {3}{4}[input * {0} + i];\n",
         table.cols, value_name(embedding.output), table.rows, scale, name);
}

void CWriter::stage(const GraphStage& stage) {
  append(body_, "  /* {} */\n", stage.name);
  for (const GraphOperation& one : stage.operations) std::visit([&](const auto& made) { operation(made); }, one);
  carry(stage);
}

void CWriter::carry(const GraphStage& stage) {
  for (const GraphState& state : stage.states)
    append(body_, "  for (i = 0; i < {}; ++i) {}[i] = {}[i];\n", graph_.at(state.before).cols, value_name(state.before),
           pointer(state.after));
}

}  // namespace recur::detail
