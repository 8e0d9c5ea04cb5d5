#include <recur/framework/check/second_order.h>

#include <algorithm>

namespace recur {
namespace {

Array part_of(const Array& dual, double Dual::*part) {
  require<StateError>(dual.dtype() == DType::dual, "value_of, tangent_of: the array holds {}, not duals",
                      name(dual.dtype()));
  Array result(dual.shape(), DType::float64);
  const auto from = dual.as<Dual>().values();
  std::transform(from.begin(), from.end(), result.as<double>().data(), [&](const Dual& x) { return x.*part; });
  return result;
}

// One list of a direction: zeros when it is empty.
std::vector<Array> checked(const char* function, const char* what, const std::vector<Array>& given,
                           const std::vector<Shape>& shapes) {
  require(given.empty() || given.size() == shapes.size(), "{}: {} directions for {} {}", function, given.size(),
          shapes.size(), what);
  std::vector<Array> result;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    result.emplace_back(shapes[i], DType::float64);
    if (given.empty()) continue;
    require(given[i].shape() == shapes[i], "{}: direction {} for {} {} of shape {}", function, given[i].shape(), what,
            i, shapes[i]);
    result.back().assign(given[i]);
  }
  return result;
}

// The arguments on a tape of duals, parameters first: they must be there before the function uses them.
struct OnTape {
  std::vector<Var> inputs;
  std::vector<Var> parameters;

  OnTape(const char* function, Tape& tape, const Arguments& at, const PerArgument& direction) {
    std::vector<Shape> shapes;
    for (const Parameter* const parameter : at.parameters) {
      require<StateError>(parameter->created(), "{}: parameter '{}' was not created (build the layer first)", function,
                          parameter->name());
      shapes.push_back(parameter->shape());
    }
    const auto of_parameters = checked(function, "parameters", direction.parameters, shapes);
    for (std::size_t i = 0; i < at.parameters.size(); ++i)
      parameters.push_back(tape.want_gradient(tape.leaf(*at.parameters[i], of_parameters[i])));
    shapes.clear();
    for (const Array& input : at.inputs) shapes.push_back(input.shape());
    const auto of_inputs = checked(function, "inputs", direction.inputs, shapes);
    for (std::size_t i = 0; i < at.inputs.size(); ++i)
      inputs.push_back(tape.input(with_tangent(at.inputs[i], of_inputs[i])));
  }
};

// Splits the gradients of some arguments into the gradient and the product.
void take(const std::vector<Var>& arguments, std::vector<Array>& gradient, std::vector<Array>& product) {
  for (const Var argument : arguments) {
    const Array both = argument.gradient();
    gradient.push_back(value_of(both));
    product.push_back(tangent_of(both));
  }
}

}  // namespace

Array with_tangent(const Array& values, const Array& tangent) {
  require(values.shape() == tangent.shape(), "with_tangent: a tangent {} for values {}", tangent.shape(),
          values.shape());
  Array result(values.shape(), DType::dual);
  const auto x = values.to_doubles();
  const auto v = tangent.to_doubles();
  Dual* const to = result.as<Dual>().data();
  for (std::size_t i = 0; i < x.size(); ++i) to[i] = Dual(x[i], v[i]);
  return result;
}

Array value_of(const Array& dual) { return part_of(dual, &Dual::value); }
Array tangent_of(const Array& dual) { return part_of(dual, &Dual::tangent); }

Tangent jacobian_vector_product(const GradcheckFunction& function, const Arguments& at, const PerArgument& direction) {
  Tape tape(DType::dual, at.seed);
  const OnTape arguments("jacobian_vector_product", tape, at, direction);
  const Array result = function(tape, arguments.inputs).to_array();
  return {value_of(result), tangent_of(result)};
}

HessianProduct hessian_vector_product(const GradcheckFunction& loss, const Arguments& at,
                                      const PerArgument& direction) {
  Tape tape(DType::dual, at.seed);
  const OnTape arguments("hessian_vector_product", tape, at, direction);
  const Var y = loss(tape, arguments.inputs);
  tape.backward(y);
  const Array value = y.to_array();
  HessianProduct result;
  result.loss = value_of(value).to_doubles()[0];
  result.slope = tangent_of(value).to_doubles()[0];
  take(arguments.inputs, result.gradient.inputs, result.product.inputs);
  take(arguments.parameters, result.gradient.parameters, result.product.parameters);
  return result;
}

std::vector<Array> input_gradients(const GradcheckFunction& loss, std::span<const Array> inputs) {
  require<ValueError>(!inputs.empty(), "input_gradients: no inputs given");
  Tape tape(inputs[0].dtype());
  tape.set_training(false);
  tape.freeze_parameters(true);
  std::vector<Var> on_tape;
  for (const Array& input : inputs) on_tape.push_back(tape.input(input));
  tape.backward(loss(tape, on_tape));
  std::vector<Array> gradients;
  for (const Var input : on_tape) gradients.push_back(input.gradient());
  return gradients;
}

}  // namespace recur
