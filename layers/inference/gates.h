#pragma once

#include <recur/layers/inference/graph.h>

#include <optional>

namespace recur::detail {

/// A fused expression that is the step of an LSTM: c = σ(f)·c0 + σ(i)·tanh(g), h = σ(o)·tanh(c).
struct LstmGates {
  GraphPart i, f, g, o;
  GraphPart c0;
  int h, c;
};

/// A fused expression that is the step of a GRU which resets after the product: with n = tanh(nx + σ(rx + rh)·nh),
/// h = n + σ(zx + zh)·(h0 - n).
struct GruGates {
  GraphPart zx, zh, rx, rh, nx, nh;
  GraphPart h0;
  int h;
};

/// Recognizes such steps by the expression alone: built-in or written by a user, with sums and products in any order.
[[nodiscard]] std::optional<LstmGates> find_lstm(const GraphFused& fused);
[[nodiscard]] std::optional<GruGates> find_gru(const GraphFused& fused);

}  // namespace recur::detail
