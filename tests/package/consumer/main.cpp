// Uses pieces of the library that are compiled, a template, an error, and a file format that needs another library.
#include <recur/framework/tensor/array.h>
#include <recur/io/csv.h>

#include <cstdio>
#include <fstream>

int main() {
  recur::Array array({2, 3}, recur::DType::float32);
  array.fill(1.5);
  double sum = 0;
  for (const double value : array.to_doubles()) sum += value;
  std::printf("%s: sum %g\n", recur::to_string(array.shape()).c_str(), sum);
  if (sum != 9) return 1;

  std::ofstream("consumer.csv") << "day,passengers\n1,112\n2,118\n";
  const recur::CsvTable table("consumer.csv");
  if (table.column("passengers") != std::vector<double>{112, 118}) return 1;

  try {
    array.assign(std::span<const double>{});
  } catch (const recur::ShapeError& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}
