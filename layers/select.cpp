#include <recur/layers/select.h>

#include <recur/framework/ops/split.h>

namespace recur {

void Select::build(Builder& builder) {
  const Index rest = builder.input_size - config_.first;
  output_size_ = config_.count == 0 ? rest : config_.count;
  require<ValueError>(output_size_ >= 1 && output_size_ <= rest, "Select: {} features from number {} on, of {}",
                      output_size_, config_.first, builder.input_size);
}

Var Select::operator()(Var x) const { return slice(x, -1, config_.first, output_size_); }

}  // namespace recur
