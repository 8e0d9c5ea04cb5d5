// Uses a piece of the library that is compiled, one that is a template, and an error.
#include <recur/framework/array.h>

#include <cstdio>

int main() {
  recur::Array array({2, 3}, recur::DType::float32);
  array.fill(1.5);
  double sum = 0;
  for (const double value : array.to_doubles()) sum += value;
  std::printf("%s: sum %g\n", recur::to_string(array.shape()).c_str(), sum);
  try {
    array.assign(std::span<const double>{});
  } catch (const recur::ShapeError& error) {
    std::printf("%s\n", error.what());
    return sum == 9 ? 0 : 1;
  }
  return 1;
}
