#include <recur/framework/check/per_example.h>

#include <cmath>

namespace recur {
namespace {

// Empty gradients for a scope; then those from before again.
class OwnGradients {
 public:
  explicit OwnGradients(std::span<Parameter* const> parameters) : parameters_(parameters) {
    for (Parameter* const p : parameters) before_.push_back(std::exchange(p->gradient, Array(p->shape(), p->dtype())));
  }
  ~OwnGradients() {
    for (std::size_t i = 0; i < before_.size(); ++i) parameters_[i]->gradient = std::move(before_[i]);
  }
  OwnGradients(const OwnGradients&) = delete;
  OwnGradients& operator=(const OwnGradients&) = delete;

 private:
  std::span<Parameter* const> parameters_;
  std::vector<Array> before_;
};

double squared_norm(const Array& array) {
  return dispatch_real(array.dtype(), [&]<class T>() {
    double sum = 0;
    for (const T value : array.as<T>().values()) sum += static_cast<double>(value) * static_cast<double>(value);
    return sum;
  });
}

}  // namespace

void for_each_example_gradient(Tape& tape, Index examples, const ExampleLoss& loss,
                               std::span<Parameter* const> parameters,
                               const std::function<void(Index example, double loss)>& use) {
  for (const Parameter* const p : parameters)
    require<StateError>(p->created(), "for_each_example_gradient: parameter '{}' was not created", p->name());
  tape.reset();  // the tape points to the gradients
  const OwnGradients own(parameters);
  for (Index example = 0; example < examples; ++example) {
    for (Parameter* const p : parameters) p->zero_gradient();
    const Var value = loss(tape, example);
    const double number = value.item();
    tape.backward(value);
    tape.reset();
    use(example, number);
  }
}

std::vector<double> per_example_norms(Tape& tape, Index examples, const ExampleLoss& loss,
                                      std::span<Parameter* const> parameters) {
  std::vector<double> norms;
  for_each_example_gradient(tape, examples, loss, parameters, [&](Index, double) {
    double sum = 0;
    for (const Parameter* const p : parameters) sum += squared_norm(p->gradient);
    norms.push_back(std::sqrt(sum));
  });
  return norms;
}

}  // namespace recur
