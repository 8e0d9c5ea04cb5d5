#include <recur/interop/onnx/onnx_ops.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace recur::interop {
namespace {

using Kind = OnnxTensor::Kind;

// Sizes that both can be stretched to.
std::vector<std::int64_t> stretched(const OnnxNode& node, const OnnxTensor& a, const OnnxTensor& b) {
  std::vector<std::int64_t> sizes(std::max(a.sizes.size(), b.sizes.size()), 1);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto size_of = [&](const OnnxTensor& t) {
      return i + t.sizes.size() < sizes.size() ? 1 : t.sizes[i + t.sizes.size() - sizes.size()];
    };
    const std::int64_t left = size_of(a);
    const std::int64_t right = size_of(b);
    require<FormatError>(left == right || left == 1 || right == 1, "node '{}' ({}): axes of {} and {}", node.name,
                         node.op, left, right);
    sizes[i] = left == 1 ? right : left;
  }
  return sizes;
}

// The place of element `flat` of `sizes` in a tensor that is stretched to them.
std::size_t place_in(const OnnxTensor& tensor, const std::vector<std::int64_t>& sizes, std::int64_t flat) {
  std::int64_t place = 0;
  std::int64_t stride = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    const std::int64_t index = flat % sizes[i];
    flat /= sizes[i];
    const std::size_t missing = sizes.size() - tensor.sizes.size();
    if (i < missing) break;
    const std::int64_t size = tensor.sizes[i - missing];
    place += (size == 1 ? 0 : index) * stride;
    stride *= size;
  }
  return static_cast<std::size_t>(place);
}

template <class F>
std::vector<OnnxTensor> pairwise(const OnnxNode& node, OnnxOperands operands, bool truth, F f) {
  const OnnxTensor& a = operand(node, operands, 0);
  const OnnxTensor& b = operand(node, operands, 1);
  OnnxTensor result = make_tensor(truth ? Kind::boolean : a.kind, stretched(node, a, b));
  for (std::size_t i = 0; i < result.numbers.size(); ++i) {
    const auto flat = static_cast<std::int64_t>(i);
    result.numbers[i] = f(a.numbers[place_in(a, result.sizes, flat)], b.numbers[place_in(b, result.sizes, flat)]);
  }
  return {std::move(result)};
}

std::vector<OnnxTensor> where(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor& condition = operand(node, operands, 0);
  const OnnxTensor& yes = operand(node, operands, 1);
  const OnnxTensor& no = operand(node, operands, 2);
  OnnxTensor shape;
  shape.sizes = stretched(node, yes, no);
  OnnxTensor result = make_tensor(yes.kind, stretched(node, condition, shape));
  for (std::size_t i = 0; i < result.numbers.size(); ++i) {
    const auto flat = static_cast<std::int64_t>(i);
    const bool chosen = condition.numbers[place_in(condition, result.sizes, flat)] != 0;
    result.numbers[i] =
        chosen ? yes.numbers[place_in(yes, result.sizes, flat)] : no.numbers[place_in(no, result.sizes, flat)];
  }
  return {std::move(result)};
}

double softplus(double x) { return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0); }

std::function<double(double)> gelu(const OnnxNode& node) {
  if (node.text("approximate", "none") == "tanh")
    return
        [](double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); };
  return [](double x) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); };
}

std::function<double(double)> function_of(const OnnxNode& node) {
  const std::string& op = node.op;
  if (op == "Identity") return [](double x) { return x; };
  if (op == "Abs") return [](double x) { return std::abs(x); };
  if (op == "Neg") return [](double x) { return -x; };
  if (op == "Exp") return [](double x) { return std::exp(x); };
  if (op == "Log") return [](double x) { return std::log(x); };
  if (op == "Sqrt") return [](double x) { return std::sqrt(x); };
  if (op == "Reciprocal") return [](double x) { return 1 / x; };
  if (op == "Erf") return [](double x) { return std::erf(x); };
  if (op == "Not") return [](double x) { return x == 0 ? 1.0 : 0.0; };
  if (op == "HardSwish") return [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); };
  if (op == "Floor") return [](double x) { return std::floor(x); };
  if (op == "Ceil") return [](double x) { return std::ceil(x); };
  if (op == "Round") return [](double x) { return std::nearbyint(x); };
  if (op == "Sign") return [](double x) { return x == 0 ? x : std::copysign(1.0, x); };
  if (op == "Sin") return [](double x) { return std::sin(x); };
  if (op == "Cos") return [](double x) { return std::cos(x); };
  if (op == "Mish") return [](double x) { return x * std::tanh(softplus(x)); };
  if (op == "Swish") return [a = node.real("alpha", 1)](double x) { return x / (1 + std::exp(-a * x)); };
  if (op == "Celu") return [a = node.real("alpha", 1)](double x) { return x < 0 ? a * std::expm1(x / a) : x; };
  if (op == "Gelu") return gelu(node);
  if (op == "Selu")
    return [a = node.real("alpha", 1.67326319217681884765625), g = node.real("gamma", 1.05070102214813232421875)](
               double x) { return g * (x < 0 ? a * std::expm1(x) : x); };
  for (const char* known :
       {"Tanh", "Sigmoid", "Relu", "Softsign", "Softplus", "LeakyRelu", "ThresholdedRelu", "HardSigmoid", "Elu"})
    if (op == known) {
      const auto given = [&](const char* key) {
        return node.has(key) ? std::optional<double>(node.real(key, 0)) : std::nullopt;
      };
      return onnx_function(op, given("alpha"), given("beta"));
    }
  return nullptr;
}

std::vector<OnnxTensor> clip(const OnnxNode& node, OnnxOperands operands) {
  const auto bound = [&](std::size_t place, const char* key, double otherwise) {
    const OnnxTensor* const given = optional_operand(operands, place);
    if (given != nullptr && !given->numbers.empty()) return given->numbers[0];
    return node.real(key, otherwise);
  };
  const double low = bound(1, "min", -std::numeric_limits<double>::infinity());
  const double high = bound(2, "max", std::numeric_limits<double>::infinity());
  OnnxTensor result = operand(node, operands, 0);
  for (double& x : result.numbers) x = std::min(std::max(x, low), high);
  return {std::move(result)};
}

// Outside training: the input, and a mask that keeps everything.
std::vector<OnnxTensor> dropout(const OnnxNode& node, OnnxOperands operands) {
  const OnnxTensor* const ratio = optional_operand(operands, 1);
  const OnnxTensor* const training = optional_operand(operands, 2);
  const auto holds = [](const OnnxTensor* value) {
    return value != nullptr && !value->numbers.empty() && value->numbers[0] != 0;
  };
  require<FormatError>(!holds(training) || (ratio != nullptr && !holds(ratio)),
                       "node '{}' (Dropout): the random numbers of training are not computed", node.name);
  const OnnxTensor& x = operand(node, operands, 0);
  OnnxTensor mask = make_tensor(Kind::boolean, x.sizes);
  std::fill(mask.numbers.begin(), mask.numbers.end(), 1.0);
  return {x, std::move(mask)};
}

// Sum, Mean, Max and Min of any number of values.
std::vector<OnnxTensor> variadic(const OnnxNode& node, OnnxOperands operands) {
  OnnxTensor result = operand(node, operands, 0);
  for (std::size_t i = 1; i < operands.size(); ++i) {
    const std::array<const OnnxTensor*, 2> both = {&result, &operand(node, operands, i)};
    if (node.op == "Max") result = pairwise(node, both, false, [](double a, double b) { return std::max(a, b); })[0];
    else if (node.op == "Min")
      result = pairwise(node, both, false, [](double a, double b) { return std::min(a, b); })[0];
    else result = pairwise(node, both, false, [](double a, double b) { return a + b; })[0];
  }
  if (node.op == "Mean")
    for (double& x : result.numbers) x /= static_cast<double>(operands.size());
  return {std::move(result)};
}

bool is_one_of(const std::string& op, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), op) != names.end();
}

}  // namespace

std::optional<std::vector<OnnxTensor>> compute_pointwise(const OnnxNode& node, OnnxOperands operands) {
  const std::string& op = node.op;
  if (op == "Add") return pairwise(node, operands, false, [](double a, double b) { return a + b; });
  if (op == "Sub") return pairwise(node, operands, false, [](double a, double b) { return a - b; });
  if (op == "Mul") return pairwise(node, operands, false, [](double a, double b) { return a * b; });
  if (op == "Div") {
    const bool whole = operand(node, operands, 0).kind == Kind::integer;
    return pairwise(node, operands, false, [whole](double a, double b) { return whole ? std::trunc(a / b) : a / b; });
  }
  if (op == "Pow") return pairwise(node, operands, false, [](double a, double b) { return std::pow(a, b); });
  if (op == "Greater") return pairwise(node, operands, true, [](double a, double b) { return a > b ? 1.0 : 0.0; });
  if (op == "GreaterOrEqual")
    return pairwise(node, operands, true, [](double a, double b) { return a >= b ? 1.0 : 0.0; });
  if (op == "Less") return pairwise(node, operands, true, [](double a, double b) { return a < b ? 1.0 : 0.0; });
  if (op == "LessOrEqual") return pairwise(node, operands, true, [](double a, double b) { return a <= b ? 1.0 : 0.0; });
  if (op == "Equal") return pairwise(node, operands, true, [](double a, double b) { return a == b ? 1.0 : 0.0; });
  if (op == "And")
    return pairwise(node, operands, true, [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; });
  if (op == "Or")
    return pairwise(node, operands, true, [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; });
  if (op == "Xor")
    return pairwise(node, operands, true, [](double a, double b) { return (a != 0) != (b != 0) ? 1.0 : 0.0; });
  if (op == "PRelu") return pairwise(node, operands, false, [](double a, double b) { return a < 0 ? a * b : a; });
  if (is_one_of(op, {"Sum", "Mean", "Max", "Min"})) return variadic(node, operands);
  if (op == "Dropout") return dropout(node, operands);
  if (op == "Where") return where(node, operands);
  if (op == "Clip") return clip(node, operands);
  const auto function = function_of(node);
  if (!function) return std::nullopt;
  OnnxTensor result = operand(node, operands, 0);
  for (double& x : result.numbers) x = function(x);
  return std::vector<OnnxTensor>{std::move(result)};
}

}  // namespace recur::interop
