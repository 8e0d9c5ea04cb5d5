// Must not compile: a model is given numbers that are on no tape.
#include <recur/layers/sequential.h>

recur::Var apply(recur::Sequential& model, const recur::Tensor<float>& x) { return model(x); }
