// One training step of an LSTM: where scripts/core_lines begins to read.

#include <recur/framework/ops/reduce.h>
#include <recur/layers/recurrent/lstm.h>

#include <cstdio>

using namespace recur;

int main() {
  constexpr Index batch = 4, time = 10, features = 3, units = 8;
  LSTM lstm(units, {}, {.return_sequences = true});
  Builder builder(features, DType::float32, Generator(1));
  lstm.build(builder);

  Tensor<float> inputs({batch, time, features});
  Generator(2).fill_normal(inputs.values());

  Tape tape;
  const Var y = lstm(tape.constant(inputs));  // [batch, time, units]
  const Var loss = mean(y);
  tape.backward(loss);
  for (const NamedParameter& p : parameters(lstm))
    std::printf("%s: %g\n", p.path.c_str(), p.parameter->gradient.to_doubles()[0]);
}
