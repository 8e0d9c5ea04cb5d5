// A program that is compiled with -fno-rtti, against a library that is not: a cell, a link and a callback of its own,
// types that are asked for, an operation that is named.
#include <recur/framework/check/non_finite.h>
#include <recur/recur.h>

#include <cmath>
#include <cstdio>

using namespace recur;

namespace {

// h_t = tanh(W [x_t, h_{t-1}]).
struct SmallCell {
  struct State {
    Var h;
  };
  Index units;
  Parameter kernel{"kernel"};

  [[nodiscard]] StateSize state_size() const { return {units}; }
  void build(Builder& build) { build(kernel, {build.input_size + units, units}, glorot_uniform()); }
  void visit(ParameterVisitor& visitor) { visitor(kernel); }
  [[nodiscard]] Step<State> call(Var x, State s) {
    const Var h = tanh(matmul(concat({x, s.h}, -1), kernel));
    return {h, {h}};
  }
};

struct CountEpochs {
  int* count;
  void on_epoch_end(Training& /*t*/) const { ++*count; }
};

bool names_and_types() {
  AnyCell cell(SmallCell{3});
  if (cell.as<SmallCell>().units != 3) return false;
  try {
    (void)cell.as<LSTMCell>();
    return false;
  } catch (const ValueError&) {
  }
  Tape tape;
  (void)static_cast<Var>(log(tape.input(Tensor<float>({1}, {-1}))));
  const auto found = first_non_finite(tape);
  std::printf("%s\n", found.has_value() ? found->operation.c_str() : "all are finite");
  return found.has_value() && found->operation == "log";
}

}  // namespace

int main() {
  if (!names_and_types()) return 1;
  Sequential model{RNN(SmallCell{4}), Dense(1)};
  model.build(2, 1);
  const TensorDataset data(Tensor<float>({8, 5, 2}, std::vector<float>(80, 0.5F)), Tensor<float>({8, 1}));
  Batches batches(data, {.batch = 4});
  int epochs = 0;
  ModelTrainer trainer(model, mean_squared_error, optim::adam(0.01), {.epochs = 3});
  trainer.add(CountEpochs{&epochs});
  const auto reports = trainer.fit(batches);
  std::printf("loss %g after %d epochs\n", reports.back().train_loss, epochs);
  return epochs == 3 && std::isfinite(reports.back().train_loss) ? 0 : 1;
}
