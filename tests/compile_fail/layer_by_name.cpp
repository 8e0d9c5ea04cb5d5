// Must not compile: the model would hold a copy, and what is listed of `head` would not learn.
#include <recur/layers/dense.h>
#include <recur/layers/sequential.h>

int main() {
  recur::Dense head(1);
  const recur::Sequential model{head};
}
