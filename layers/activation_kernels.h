#pragma once

#include <recur/framework/tensor/dual.h>
#include <recur/layers/activation.h>

#include <cstddef>

// Activations chosen at run time, for loops that are compiled with any instruction set: arrays go in and out, not
// registers.

namespace recur::detail {

/// Replaces `count` numbers by the activation of each. `kind` is one that is pointwise.
void activate(Activation::Kind kind, float* numbers, std::ptrdiff_t count);
void activate(Activation::Kind kind, double* numbers, std::ptrdiff_t count);
void activate(Activation::Kind kind, Dual* numbers, std::ptrdiff_t count);

/// Replaces `count` numbers by the slope of the activation at each. `results` holds the activation of each number.
void activation_slopes(Activation::Kind kind, float* numbers, const float* results, std::ptrdiff_t count);
void activation_slopes(Activation::Kind kind, double* numbers, const double* results, std::ptrdiff_t count);
void activation_slopes(Activation::Kind kind, Dual* numbers, const Dual* results, std::ptrdiff_t count);

}  // namespace recur::detail
