#include <recur/layers/inference/gates.h>

#include <recur/framework/expr/fused_call.h>

#include <string_view>

namespace recur::detail {
namespace {

/// Compares an expression with a pattern. Nodes are numbers; -1 is none.
class Matcher {
 public:
  explicit Matcher(const GraphFused& fused) : fused_(fused), kernel_(*fused.kernel) {}

  [[nodiscard]] int output(int i) const { return kernel_.output_nodes[i]; }
  [[nodiscard]] bool is(int node, std::string_view function) const {
    return node >= 0 && function == kernel_.functions[node];
  }
  [[nodiscard]] int child(int node, std::size_t k) const { return node < 0 ? -1 : kernel_.children[node][k]; }
  /// The argument of a function, or -1 if the node is another.
  [[nodiscard]] int argument(int node, std::string_view function) const {
    return is(node, function) ? child(node, 0) : -1;
  }
  /// The operand that the node is.
  [[nodiscard]] GraphPart operand(int node) const {
    for (int i = 0; node >= 0 && i < kernel_.operands; ++i)
      if (kernel_.operand_nodes[i] == node) return fused_.operands[static_cast<std::size_t>(i)];
    return {};
  }
  /// Whether the node is a sum or a product of two nodes that `test` accepts in one order or the other.
  template <class Test>
  [[nodiscard]] bool either(int node, std::string_view function, Test test) const {
    if (!is(node, function)) return false;
    const int a = child(node, 0);
    const int b = child(node, 1);
    return a >= 0 && b >= 0 && (test(a, b) || test(b, a));
  }
  /// Whether the node is σ of an operand, or of a sum of two.
  [[nodiscard]] bool gate(int node, GraphPart& part) const {
    part = operand(argument(node, "sigmoid"));
    return part.defined();
  }
  [[nodiscard]] bool gate(int node, GraphPart& a, GraphPart& b) const {
    const int sum = argument(node, "sigmoid");
    if (!is(sum, "add")) return false;
    a = operand(child(sum, 0));
    b = operand(child(sum, 1));
    return a.defined() && b.defined();
  }

 private:
  const GraphFused& fused_;
  const FusedKernel& kernel_;
};

}  // namespace

std::optional<LstmGates> find_lstm(const GraphFused& fused) {
  if (fused.outputs.size() != 2 || fused.operands.size() != 5) return std::nullopt;
  const Matcher match(fused);
  for (int first = 0; first < 2; ++first) {
    LstmGates found{};
    const int h = match.output(first);
    const int c = match.output(1 - first);
    found.h = fused.outputs[static_cast<std::size_t>(first)];
    found.c = fused.outputs[static_cast<std::size_t>(1 - first)];
    const auto keeps = [&](int a, int b) {
      found.c0 = match.operand(b);
      return match.gate(a, found.f) && found.c0.defined();
    };
    const auto adds = [&](int a, int b) {
      found.g = match.operand(match.argument(b, "tanh"));
      return match.gate(a, found.i) && found.g.defined();
    };
    const bool is_h = match.either(
        h, "multiply", [&](int a, int b) { return match.gate(a, found.o) && match.argument(b, "tanh") == c; });
    const bool is_c = match.either(c, "add", [&](int a, int b) {
      return match.either(a, "multiply", keeps) && match.either(b, "multiply", adds);
    });
    if (is_h && is_c) return found;
  }
  return std::nullopt;
}

std::optional<GruGates> find_gru(const GraphFused& fused) {
  if (fused.outputs.size() != 1 || fused.operands.size() != 7) return std::nullopt;
  const Matcher match(fused);
  GruGates found{};
  found.h = fused.outputs[0];
  const auto candidate = [&](int node) {
    return match.either(match.argument(node, "tanh"), "add", [&](int a, int b) {
      found.nx = match.operand(a);
      return found.nx.defined() && match.either(b, "multiply", [&](int r, int n) {
        found.nh = match.operand(n);
        return match.gate(r, found.rx, found.rh) && found.nh.defined();
      });
    });
  };
  const bool is_h = match.either(match.output(0), "add", [&](int n, int step) {
    return candidate(n) && match.either(step, "multiply", [&](int z, int difference) {
      found.h0 = match.operand(match.child(difference, 0));
      return match.gate(z, found.zx, found.zh) && match.is(difference, "subtract") && found.h0.defined() &&
             match.child(difference, 1) == n;
    });
  });
  return is_h ? std::optional(found) : std::nullopt;
}

}  // namespace recur::detail
