#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/train/loop/world.h>

#include <span>

namespace recur {

/// Replaces the gradient of every trainable parameter by its sum over all ranks, in the order of ranks. For a loop of
/// one's own, between `tape.backward` and `optimizer.step`: the loss of a rank is to be scaled by how much its rows
/// count of all. Parameters must be listed alike on all ranks. A gradient that no rank has stays "none"
/// (`Parameter::has_gradient`).
void sum_gradients(World& world, std::span<const NamedParameter> parameters, const ExchangeOptions& options = {});

/// Copies the values of rank 0 to all ranks.
void broadcast_values(World& world, std::span<const NamedParameter> parameters);

}  // namespace recur
