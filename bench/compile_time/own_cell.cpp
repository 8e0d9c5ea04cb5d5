// A user's program in one file: a cell of its own in a stack with a built-in one, trained to remember the first of a
// run of bits. `measure` beside it says what compiling it costs and how large the program becomes.
#include <recur/framework/autodiff/linear.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/split.h>
#include <recur/io/model_file.h>
#include <recur/layers/cells/lstm_cell.h>
#include <recur/layers/dense.h>
#include <recur/layers/losses.h>
#include <recur/layers/recurrent/rnn.h>
#include <recur/optim/optimizers.h>

#include <cstdio>

using namespace recur;

namespace {

struct PeepholeCell {
  using State = LSTMState;
  Index units;
  Parameter kernel{"kernel"}, recurrent{"recurrent_kernel"}, bias{"bias"}, pi{"pi"}, pf{"pf"}, po{"po"};

  [[nodiscard]] StateSize state_size() const { return {units, units}; }
  void build(Builder& build) {
    build(kernel, {build.input_size, 4 * units}, glorot_uniform());
    build(recurrent, {units, 4 * units}, orthogonal());
    build(bias, {4 * units}, zeros());
    for (Parameter* p : {&pi, &pf, &po}) build(*p, {units}, zeros());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, recurrent, bias, pi, pf, po); }

  [[nodiscard]] Step<State> call(Var x, State s) {
    auto [h, c] = fuse(
        [](auto i, auto f, auto g, auto o, auto c0, auto pi, auto pf, auto po) {
          auto c1 = sigmoid(f + pf * c0) * c0 + sigmoid(i + pi * c0) * tanh(g);
          return std::tuple{sigmoid(o + po * c1) * tanh(c1), c1};
        },
        reuse(split<4>(matmul(x, kernel) + matmul(s.h, recurrent) + bias)), s.c, pi, pf, po);
    return {h, {h, c}};
  }
};

struct Model {
  RNN rnn{StackedRNNCells{PeepholeCell{16}, LSTMCell(16)}};
  Dense output{1};
  Model() {
    Builder builder(1, DType::float32, Generator(1));
    rnn.build(builder);
    builder.input_size = 16;
    output.build(builder);
  }
  void visit(ParameterVisitor& visitor) {
    visitor.in("rnn", rnn);
    visitor.in("output", output);
  }
};

}  // namespace

int main(int argc, char** argv) {
  constexpr Index batch = 32;
  constexpr Index time = 12;
  Model model;
  const auto learned = parameters(model);
  optim::Optimizer optimizer = optim::adam({.learning_rate = 1e-2, .clip = {.global_norm = 1}});
  Generator generator(2);
  Tape tape;
  double loss = 0;
  for (int step = 0; step < 300; ++step) {
    Tensor<float> bits({batch, time, 1});
    Tensor<float> first({batch, 1});
    for (float& bit : bits.values()) bit = generator.bernoulli(0.5) ? 1.0F : 0.0F;
    for (Index b = 0; b < batch; ++b) first(b, 0) = bits(b, 0, 0);
    const Var error = binary_cross_entropy(model.output(model.rnn(tape.constant(bits))), tape.constant(first));
    loss = error.item();
    tape.backward(error);
    optimizer.step(learned);
    tape.reset();
  }
  std::printf("cross-entropy %.4f after 300 steps (0.6931 before)\n", loss);
  if (argc > 1) save_parameters(argv[1], learned);
  return loss < 0.1 ? 0 : 1;
}
