// A shared library with Recur inside, as a module of Python or a plugin is.
#include <recur/framework/tensor/array.h>
#include <recur/framework/threads/parallel.h>

extern "C" double plugin_sum() {
  recur::Array array({2, 3}, recur::DType::float64);
  array.fill(recur::threads() > 0 ? 1.5 : 0);
  double sum = 0;
  for (const double value : array.to_doubles()) sum += value;
  return sum;
}
