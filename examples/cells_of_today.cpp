// Three recurrent cells of 2024, some ten lines each, trained beside an LSTM on the adding problem (Hochreiter &
// Schmidhuber 1997; always answering 1 scores 0.1667). Expect 0.0047, 0.0019, 0.0011 and 0.0062 (seed 1).
//   minGRU   z = σ(W_z x + b)   h' = (1 - z)∘h + z∘(W_h x)                         (Feng et al. 2024, arXiv:2410.01201)
//   RG-LRU   r, i = σ(W_r u), σ(W_i u)   a = exp(-8 softplus(Λ)∘r)   u = W x
//            h' = a∘h + √(1 - a²)∘(i∘u)                                            (De et al. 2024, arXiv:2402.19427)
//   sLSTM    m' = max(log σ(f) + m, i)   i' = exp(i - m')   f' = exp(log σ(f) + m - m')
//            c' = f'∘c + i'∘tanh(z)   n' = f'∘n + i'   h' = σ(o)∘c'/n'             (Beck et al. 2024, arXiv:2405.04517)
#include <recur/recur.h>
#include <recur/samples.h>
using namespace recur;
struct MinGRUCell {
  using State = HiddenState;
  Index units;
  Parameter kernel{"kernel"}, bias{"bias"};
  StateSize state_size() const { return units; }
  void build(Builder& build) {
    build(kernel, {build.input_size, 2 * units}, glorot_uniform());
    build(bias, {units}, random_uniform(-6, -1));  // z is 0.002 to 0.27: units remember for 4 to 400 steps
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, bias); }
  Step<State> call(Var x, State s) {
    const auto mix = [](auto z, auto g, auto h0, auto b) { return h0 + sigmoid(z + b) * (g - h0); };
    const Var h = fuse(mix, reuse(split<2>(matmul(x, kernel))), s.h, bias);
    return {h, {h}};
  }
};
struct RGLRUCell {
  using State = HiddenState;
  Index units;
  Parameter kernel{"kernel"}, gates{"gates"}, lambda{"lambda"};
  StateSize state_size() const { return units; }
  void build(Builder& build) {
    build(kernel, {build.input_size, units}, glorot_uniform()), build(gates, {units, 2 * units}, glorot_uniform());
    build(lambda, {units}, random_uniform(-9, -4.3));  // a is 0.9 to 0.999 where r = 1
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, gates, lambda); }
  Step<State> call(Var x, State s) {
    const auto mix = [](auto r, auto i, auto v, auto h0, auto l) {
      const auto a = exp(-8 * softplus(l) * sigmoid(r));
      return a * h0 + sqrt(1 - square(a) + 1e-6) * (sigmoid(i) * v);
    };
    const Var u = matmul(x, kernel);
    const Var h = fuse(mix, reuse(split<2>(matmul(u, gates))), u, s.h, lambda);
    return {h, {h}};
  }
};
struct SLSTMCell {
  struct State {
    Var h, c, n, m;
  };
  Index units;
  Parameter kernel{"kernel"}, hidden{"recurrent_kernel"}, bias{"forget_bias"};
  StateSize state_size() const { return {units, units, units, units}; }
  void build(Builder& build) {
    build(kernel, {build.input_size, 4 * units}, glorot_uniform()), build(hidden, {units, 4 * units}, orthogonal());
    build(bias, {units}, random_uniform(3, 6));  // the forget gate begins open
  }
  void visit(ParameterVisitor& visitor) { visitor(kernel, hidden, bias); }
  Step<State> call(Var x, State s) {
    const auto mix = [](auto i, auto f, auto z, auto o, auto c0, auto n0, auto m0, auto b) {
      const auto kept = m0 - softplus(-f - b);
      const auto m = max(kept, i);
      const auto c = exp(kept - m) * c0 + exp(i - m) * tanh(z);
      const auto n = exp(kept - m) * n0 + exp(i - m);
      return std::tuple{sigmoid(o) * c / n, c, n, m};
    };
    const auto [h, c, n, m] = fuse(mix, reuse(split<4>(matmul(x, kernel) + matmul(s.h, hidden))), s.c, s.n, s.m, bias);
    return {h, {h, c, n, m}};
  }
};
int main(int argc, char** argv) {
  Index time = 50, epochs = 10;
  Program program("Trains minGRU, RG-LRU, sLSTM and LSTM on the adding problem.", distributed::join);
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
