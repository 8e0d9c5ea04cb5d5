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

/// Returns the step that an expression computes; none if it is another expression. Cells of users are recognized as
/// built-in ones are. Sums and products may have any order.
[[nodiscard]] std::optional<LstmGates> find_lstm(const GraphFused& fused);
[[nodiscard]] std::optional<GruGates> find_gru(const GraphFused& fused);

}  // namespace recur::detail
