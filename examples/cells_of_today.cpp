// Three recurrent cells of 2024, some ten lines each, trained beside an LSTM on the adding problem (Hochreiter &
// Schmidhuber 1997; always answering 1 scores 0.1667). Expect 0.156, 0.0019, 0.177 and 0.0062 for the four (seed 1).
//
//   minGRU   z = σ(W_z x)   h' = (1 - z)∘h + z∘(W_h x)                             (Feng et al. 2024, arXiv:2410.01201)
//   RG-LRU   r, i = σ(W_r u), σ(W_i u)   a = exp(-8 softplus(Λ)∘r)   u = W x
//            h' = a∘h + √(1 - a²)∘(i∘u)                                            (De et al. 2024, arXiv:2402.19427)
//   sLSTM    m' = max(f + m, i)   i' = exp(i - m')   f' = exp(f + m - m')
//            c' = f'∘c + i'∘tanh(z)   n' = f'∘n + i'   h' = σ(o)∘c'/n'             (Beck et al. 2024, arXiv:2405.04517)
#include <recur/recur.h>
#include <recur/samples.h>
using namespace recur;
struct MinGRUCell {
  using State = HiddenState;
  Index units;
  Parameter kernel{"kernel"};
  StateSize state_size() const { return units; }
  void build(Builder& build) { build(kernel, {build.input_size, 2 * units}, glorot_uniform()); }
  void visit(ParameterVisitor& visitor) { visitor(kernel); }
  Step<State> call(Var x, State s) {
    const auto mix = [](auto z, auto g, auto before) { return before + sigmoid(z) * (g - before); };
    const Var h = fuse(mix, reuse(split<2>(matmul(x, kernel))), s.h);
    return {h, {h}};
  }
};
struct RGLRUCell {
  using State = HiddenState;
  Index units;
  Parameter kernel{"kernel"}, gates{"gates"}, lambda{"lambda"};
  StateSize state_size() const { return units; }
  void build(Builder& build) {
    build(kernel, {build.input_size, units}, glorot_uniform());
    build(gates, {units, 2 * units}, glorot_uniform());
    build(lambda, {units}, random_uniform(-9, -4.3));  // a is 0.9 to 0.999 where r = 1
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, gates, lambda); }
  Step<State> call(Var x, State s) {
    const auto recurrence = [](auto r, auto i, auto v, auto before, auto l) {
      const auto a = exp(-8 * softplus(l) * sigmoid(r));
      return a * before + sqrt(1 - square(a) + 1e-6) * (sigmoid(i) * v);
    };
    const Var u = matmul(x, kernel);
    const Var h = fuse(recurrence, reuse(split<2>(matmul(u, gates))), u, s.h, lambda);
    return {h, {h}};
  }
};
struct SLSTMCell {
  struct State {
    Var h, c, n, m;
  };
  Index units;
  Parameter kernel{"kernel"}, recurrent{"recurrent_kernel"};
  StateSize state_size() const { return {units, units, units, units}; }
  void build(Builder& build) {
    build(kernel, {build.input_size, 4 * units}, glorot_uniform());
    build(recurrent, {units, 4 * units}, orthogonal());
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, recurrent); }
  Step<State> call(Var x, State s) {
    const auto gates = [](auto i, auto f, auto z, auto o, auto c0, auto n0, auto m0) {
      const auto m = max(f + 3 + m0, i);  // the forget gate begins open
      const auto write = exp(i - m);
      const auto keep = exp(f + 3 + m0 - m);
      const auto c = keep * c0 + write * tanh(z);
      const auto n = keep * n0 + write;
      return std::tuple{sigmoid(o) * c / n, c, n, m};
    };
    const auto [h, c, n, m] = fuse(gates, reuse(split<4>(matmul(x, kernel) + matmul(s.h, recurrent))), s.c, s.n, s.m);
    return {h, {h, c, n, m}};
  }
};
int main(int argc, char** argv) {
  Index time = 50, epochs = 10;
  Program program("Trains minGRU, RG-LRU, sLSTM and LSTM on the adding problem.");
  program.option("time", time, "steps of a sequence", 2).option("epochs", epochs, "of 100 updates");
  return program.run(argc, argv, [&] {
    const auto draw = [&](Generator& random) { return samples::adding_problem(50, time, random); };
    NamedNumbers scores;
    const auto learn = [&](const std::string& name, AnyCell cell) {
      Sequential model{RNN(std::move(cell)), Dense(1)};
      model.build(2, program.seed());
      ModelTrainer trainer(model, "mse", optim::adam(3e-3), {.epochs = epochs});
      const auto reports = trainer.fit(views::generate(100, program.seed(), draw));
      scores.emplace_back(name + "_mse", trainer.evaluate(views::generate_once(20, program.seed() + 999, draw)).loss);
      scores.emplace_back(name + "_milliseconds", 1e3 * reports.back().seconds / static_cast<double>(100 * epochs));
    };
    learn("min_gru", MinGRUCell{64}), learn("rg_lru", RGLRUCell{64});
    learn("slstm", SLSTMCell{64}), learn("lstm", LSTMCell(64));
    program.report(scores);
  });
}
