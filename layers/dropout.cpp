#include <recur/layers/dropout.h>

#include <recur/framework/ops/dropout.h>

namespace recur {

Var Dropout::operator()(Var x) const { return dropout(x, config_.rate, x.tape().generator()); }

}  // namespace recur
