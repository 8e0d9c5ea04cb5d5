#pragma once

#include "support.h"

#include <recur/layers/layer_value.h>

namespace recur::test {

/// Compares the gradients of a layer's value, to its input of shape `input` and its parameters, with finite
/// differences.
template <class L>
void check_layer_gradient(const char* what, L& layer, const Shape& input, std::vector<Index> lengths = {}) {
  check_derivatives(
      what,
      [&](Tape&, std::span<const Var> x) {
        LayerValue value;
        value.value = x[0];
        value.lengths = lengths;
        return layer.call(value).value;
      },
      {input}, parameter_list(layer));
}

}  // namespace recur::test
