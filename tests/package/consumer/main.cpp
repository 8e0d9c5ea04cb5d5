// Uses pieces of the library that are compiled, a template, an error, a layer, an optimizer, and a file format that
// needs another library.
#include <recur/recur.h>

#include <cstdio>
#include <fstream>

extern "C" double plugin_sum();

int main() {
  if (plugin_sum() != 9) return 1;
  recur::Array array({2, 3}, recur::DType::float32);
  array.fill(1.5);
  double sum = 0;
  for (const double value : array.to_doubles()) sum += value;
  std::printf("%s: sum %g\n", recur::to_string(array.shape()).c_str(), sum);
  if (sum != 9) return 1;

  std::ofstream("consumer.csv") << "day,passengers\n1,112\n2,118\n";
  const recur::CsvTable table("consumer.csv");
  if (table.column("passengers") != std::vector<double>{112, 118}) return 1;

  recur::Sequential model{recur::RNN(recur::LSTMCell(4)), recur::Dense(1)};
  recur::Builder builder(3, recur::DType::float32, recur::Generator(1));
  model.build(builder);
  recur::optim::Optimizer optimizer = recur::optim::adam();
  recur::Tape tape;
  const recur::Var loss = recur::mean(model(tape.constant(recur::Tensor<float>({2, 5, 3}))));
  tape.backward(loss);
  optimizer.step(recur::parameters(model));
  std::printf("loss %g\n", loss.item());

  try {
    array.assign(std::span<const double>{});
  } catch (const recur::ShapeError& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}
