#include <recur/interop/c_functions.h>

#include <recur/framework/tensor/error.h>
#include <recur/layers/activation.h>

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <vector>

namespace recur::detail {
namespace {

// {0}, {1} and {2} are the arguments; @ is the name of the model.
const std::map<std::string_view, const char*> forms = {
    {"negate", "-{0}"},
    {"exp", "expf({0})"},
    {"log", "logf({0})"},
    {"sqrt", "sqrtf({0})"},
    {"square", "{0} * {0}"},
    {"round", "rintf({0})"},
    {"abs", "fabsf({0})"},
    {"tanh", "tanhf({0})"},
    {"sigmoid", "@_sigmoid({0})"},
    {"hard_sigmoid", "@_clip(0.2f * {0} + 0.5f, 0.0f, 1.0f)"},
    {"hard_sigmoid_v3", "@_clip({0} / 6.0f + 0.5f, 0.0f, 1.0f)"},
    {"relu", "({0} > 0.0f ? {0} : 0.0f)"},
    {"relu6", "@_clip({0}, 0.0f, 6.0f)"},
    {"softplus", "@_softplus({0})"},
    {"softsign", "{0} / (1.0f + fabsf({0}))"},
    {"leaky_relu", "({0} > 0.0f ? {0} : {1} * {0})"},
    {"elu", "({0} > 0.0f ? {0} : {1} * expm1f({0}))"},
    {"pow", "powf({0}, {1})"},
    {"add", "{0} + {1}"},
    {"subtract", "{0} - {1}"},
    {"multiply", "{0} * {1}"},
    {"divide", "{0} / {1}"},
    {"min", "({1} < {0} ? {1} : {0})"},
    {"max", "({1} > {0} ? {1} : {0})"},
    {"greater", "({0} > {1} ? 1.0f : 0.0f)"},
    {"where", "({0} != 0.0f ? {1} : {2})"},
};

// Activations that are functions of functions.
const std::map<int, const char*> activation_forms = {
    {Activation::linear, "{0}"},
    {Activation::leaky_relu, "({0} > 0.0f ? {0} : 0.2f * {0})"},
    {Activation::elu, "({0} > 0.0f ? {0} : expm1f({0}))"},
    {Activation::celu, "({0} > 0.0f ? {0} : expm1f({0}))"},
    {Activation::selu, "1.05070099f * ({0} > 0.0f ? {0} : 1.67326324f * expm1f({0}))"},
    {Activation::exponential, "expf({0})"},
    {Activation::silu, "{0} * @_sigmoid({0})"},
    {Activation::hard_silu, "{0} * @_clip({0} / 6.0f + 0.5f, 0.0f, 1.0f)"},
    {Activation::gelu, "{0} * 0.5f * erfcf({0} * -0.707106781f)"},
    {Activation::mish, "{0} * tanhf(@_softplus({0}))"},
    {Activation::log_sigmoid, "-@_softplus(-{0})"},
};

std::string filled(std::string form, std::span<const std::string> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string place = "{" + std::to_string(i) + "}";
    for (std::size_t at; (at = form.find(place)) != std::string::npos;) form.replace(at, place.size(), arguments[i]);
  }
  return form;
}

}  // namespace

std::string c_number(float x) {
  if (std::isnan(x)) return "NAN";
  if (std::isinf(x)) return x > 0 ? "INFINITY" : "-INFINITY";
  std::string text = fmt::format("{:.9g}", x);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string c_function(std::string_view function, std::span<const std::string> arguments, int kind) {
  if (function == "activate") {
    if (const auto found = activation_forms.find(kind); found != activation_forms.end())
      return filled(found->second, arguments);
    function = Activation(static_cast<Activation::Kind>(kind)).name();
  }
  const auto found = forms.find(function);
  require<ValueError>(found != forms.end(), "export_c: the function '{}' of a fused expression has no form in C",
                      function);
  return filled(found->second, arguments);
}

std::string_view c_helpers() {
  return R"(static float @_sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
static float @_softplus(float x) { return (x > 0.0f ? x : 0.0f) + log1pf(expf(-fabsf(x))); }
static float @_clip(float x, float low, float high) { return x < low ? low : (x > high ? high : x); }
)";
}

}  // namespace recur::detail
