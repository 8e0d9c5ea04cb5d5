// The part of CWriter that puts the file together.

#include <recur/interop/c_functions.h>
#include <recur/interop/c_writer.h>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace recur::detail {
namespace {

constexpr std::string_view float_product = R"(
/* z[i] += the sum over j of w[i][j] * a[j] */
static void @_add_product(float *z, const float *w, const float *a, int rows, int count) {
  int i, j;
  for (i = 0; i < rows; ++i) {
    float sum = 0.0f;
    for (j = 0; j < count; ++j) sum += w[i * count + j] * a[j];
    z[i] += sum;
  }
}
)";
constexpr std::string_view int8_product = R"(
/* z[i] += scale[i] * the sum over j of w[i][j] * a[j] */
static void @_add_product(float *z, const signed char *w, const float *scale, const float *a, int rows, int count) {
  int i, j;
  for (i = 0; i < rows; ++i) {
    float sum = 0.0f;
    for (j = 0; j < count; ++j) sum += (float)w[i * count + j] * a[j];
    z[i] += scale[i] * sum;
  }
}
)";
constexpr std::string_view layer_norm = R"(
static void @_layer_norm(float *y, const float *x, const float *gamma, const float *beta, float epsilon, int n) {
  float mean = 0.0f, variance = 0.0f, factor;
  int i;
  for (i = 0; i < n; ++i) mean += x[i];
  mean /= (float)n;
  for (i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean);
  factor = 1.0f / sqrtf(variance / (float)n + epsilon);
  for (i = 0; i < n; ++i) y[i] = (x[i] - mean) * factor * (gamma ? gamma[i] : 1.0f) + (beta ? beta[i] : 0.0f);
}
)";
constexpr std::string_view softmax = R"(
static void @_softmax(float *y, const float *x, int n) {
  float most = x[0], sum = 0.0f;
  int i;
  for (i = 1; i < n; ++i) most = x[i] > most ? x[i] : most;
  for (i = 0; i < n; ++i) sum += y[i] = expf(x[i] - most);
  for (i = 0; i < n; ++i) y[i] /= sum;
}
)";
constexpr std::string_view log_softmax = R"(
static void @_log_softmax(float *y, const float *x, int n) {
  float most = x[0], sum = 0.0f;
  int i;
  for (i = 1; i < n; ++i) most = x[i] > most ? x[i] : most;
  for (i = 0; i < n; ++i) sum += expf(x[i] - most);
  sum = most + logf(sum);
  for (i = 0; i < n; ++i) y[i] = x[i] - sum;
}
)";

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string numbers(std::span<const float> values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) text += (i % 10 == 0 ? "\n  " : " ") + c_number(values[i]) + ",";
  return text;
}

}  // namespace

std::string CWriter::head(std::size_t test_steps) const {
  const std::string input = graph_.takes_ids() ? fmt::format("one id in [0, {})", graph_.id_count())
                                               : fmt::format("{} numbers", graph_.features);
  std::string text = fmt::format(
      "/* {0}: a recurrent network, written by `recur export`. C99 and C++, needs <math.h> only.\n\n"
      "   {0}_state s;\n"
      "   {0}_reset(&s);                    before the first step of a sequence\n"
      "   {0}_step(&s, input, output);      one time step: {1} in, {2} numbers out\n\n"
      "   Constants (flash): {3} bytes. {0}_state (RAM): {4} bytes. Nothing is allocated; one state for each "
      "sequence.\n",
      options_.name, input, graph_.output.size, result_.flash_bytes, result_.ram_bytes);
  if (test_steps > 0)
    text += fmt::format(
        "   With {0}_SELF_TEST defined there is {1}_self_test(), which takes {2} recorded steps and returns the "
        "largest\n"
        "   error; with {0}_SELF_TEST_MAIN a main() which prints it.\n",
        upper(options_.name), options_.name, test_steps);
  return text + "*/\n";
}

std::string CWriter::state_struct() const {
  std::string text = "typedef struct {\n";
  for (const int value : stored_) text += fmt::format("  float v{}[{}];\n", value, graph_.at(value).cols);
  if (stored_.empty()) text += "  float none;\n";
  return text + fmt::format("}} {}_state;\n", options_.name);
}

std::string CWriter::reset_function() const {
  std::string text;
  std::string body;
  for (const GraphStage& stage : graph_.stages)
    for (const GraphState& state : stage.states) {
      const bool zeros = std::ranges::all_of(state.initial, [](float x) { return x == 0; });
      if (!zeros)
        text += fmt::format("static const float {}_initial{}[{}] = {{{}}};\n", options_.name, state.before,
                            state.initial.size(), numbers(state.initial));
      body += fmt::format("  for (i = 0; i < {}; ++i) s->v{}[i] = {};\n", state.initial.size(), state.before,
                          zeros ? "0.0f" : fmt::format("{}_initial{}[i]", options_.name, state.before));
    }
  if (body.empty()) return text + fmt::format("\n@void {0}_reset({0}_state *s) {{ (void)s; }}\n", options_.name);
  return text + fmt::format("\n@void {0}_reset({0}_state *s) {{\n  int i;\n{1}}}\n", options_.name, body);
}

std::string CWriter::self_test(const std::vector<float>& expected) const {
  if (expected.empty()) return "";
  const std::string& name = options_.name;
  const bool ids = graph_.takes_ids();
  const Index width = graph_.output.size;
  const std::size_t steps = expected.size() / static_cast<std::size_t>(width);
  std::string inputs;
  if (ids)
    for (const std::int32_t id : options_.test_ids) inputs += " " + std::to_string(id) + ",";
  else inputs = numbers(options_.test_inputs);
  inputs.pop_back();
  std::string outputs = numbers(expected);
  outputs.pop_back();
  return fmt::format(
      R"(
#if defined({0}_SELF_TEST) || defined({0}_SELF_TEST_MAIN)
static const {1} {2}_test_inputs[] = {{{3}}};
static const float {2}_test_outputs[] = {{{4}}};

@float {2}_self_test(void) {{
  static {2}_state s;
  float output[{5}];
  float largest = 0.0f;
  int t, i;
  {2}_reset(&s);
  for (t = 0; t < {6}; ++t) {{
    {2}_step(&s, {7}, output);
    for (i = 0; i < {5}; ++i) {{
      const float expected = {2}_test_outputs[t * {5} + i];
      const float error = fabsf(output[i] - expected) / (1.0f + fabsf(expected));
      largest = error <= largest ? largest : error;
    }}
  }}
  return largest;
}}
#endif
)",
      upper(name), ids ? "int" : "float", name, inputs, outputs, width, steps,
      ids ? fmt::format("{}_test_inputs[t]", name) : fmt::format("{}_test_inputs + t * {}", name, graph_.features));
}

// Definitions of the functions that the step function calls.
std::string CWriter::called_functions(const std::string& step) const {
  const auto uses = [&](std::string_view function) {
    return step.find(fmt::format("{}_{}(", options_.name, function)) != std::string::npos;
  };
  std::string text;
  const std::string helpers(c_helpers());
  for (std::size_t at = 0; at < helpers.size();) {
    const std::size_t end = helpers.find('\n', at) + 1;
    const std::string line = helpers.substr(at, end - at);
    const std::size_t open = line.find("@_") + 2;
    if (uses(line.substr(open, line.find('(', open) - open))) text += named(line);
    at = end;
  }
  if (uses("add_product")) text += named(options_.int8 ? int8_product : float_product);
  if (uses("layer_norm")) text += named(layer_norm);
  if (uses("softmax")) text += named(softmax);
  if (uses("log_softmax")) text += named(log_softmax);
  return text;
}

// What comes before the first function.
std::string CWriter::declarations(bool tested) const {
  const std::string& name = options_.name;
  std::string text = options_.header ? fmt::format("#ifndef {0}_H\n#define {0}_H\n", upper(name)) : "";
  text += "#include <math.h>\n";
  if (tested) text += fmt::format("#ifdef {}_SELF_TEST_MAIN\n#include <stdio.h>\n#endif\n", upper(name));
  text += "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n" + state_struct();
  if (options_.header) return text;
  text += fmt::format("void {0}_reset({0}_state *s);\nvoid {0}_step({0}_state *s, {1}input, float *output);\n", name,
                      graph_.takes_ids() ? "int " : "const float *");
  if (tested)
    text +=
        fmt::format("#if defined({0}_SELF_TEST) || defined({0}_SELF_TEST_MAIN)\nfloat {1}_self_test(void);\n#endif\n",
                    upper(name), name);
  return text;
}

// What comes after the last function.
std::string CWriter::end(bool tested) const {
  std::string text = "\n#ifdef __cplusplus\n}\n#endif\n";
  if (tested)
    text += fmt::format(R"(
#ifdef {0}_SELF_TEST_MAIN
int main(void) {{
  const float error = {1}_self_test();
  printf("largest error %g\n", (double)error);
  return error < 1e-4f ? 0 : 1;
}}
#endif
)",
                        upper(options_.name), options_.name);
  return options_.header ? text + "#endif\n" : text;
}

CExport CWriter::write(const std::vector<float>& expected) {
  for (const GraphStage& one : graph_.stages) stage(one);
  const std::string output =
      fmt::format("  for (i = 0; i < {}; ++i) output[i] = {}[i];\n", graph_.output.size, pointer(graph_.output));
  for (const int value : stored_) result_.ram_bytes += sizeof(float) * static_cast<std::size_t>(graph_.at(value).cols);
  const std::string step =
      fmt::format("\n@void {0}_step({0}_state *s, {1}input, float *output) {{\n  int i;\n{2}{3}}}\n", options_.name,
                  graph_.takes_ids() ? "int " : "const float *", body_, output);
  std::string functions = reset_function() + step + self_test(expected);
  for (std::size_t at = 0; (at = functions.find('@', at)) != std::string::npos;)
    functions.replace(at, 1, options_.header ? "static inline " : "");
  const bool tested = !expected.empty();
  result_.source = head(expected.size() / static_cast<std::size_t>(graph_.output.size)) + declarations(tested) + "\n" +
                   constants_ + "\n" + called_functions(step) + functions + end(tested);
  return std::move(result_);
}

}  // namespace recur::detail
