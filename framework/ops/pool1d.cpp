#include <recur/framework/ops/pool1d.h>

#include <algorithm>

namespace recur {
namespace {

/// A pooling on a tape.
struct Pooling {
  Var x, y;
  SlidingWindows windows;
  Index steps, features;
  std::span<const std::uint8_t> counted;  // empty: all steps

  /// Calls `visit(row of x)` for the steps of window t of sequence b that count.
  template <class Visit>
  void for_each_step(Index b, Index t, Visit visit) const {
    for (Index k = 0; k < windows.size; ++k) {
      const Index step = windows.step(t, k);
      if (step < 0 || step >= steps) continue;
      const Index row = b * steps + step;
      if (counted.empty() || counted[static_cast<std::size_t>(row)] != 0) visit(row);
    }
  }
  [[nodiscard]] Index steps_in(Index b, Index t) const {
    Index count = 0;
    for_each_step(b, t, [&](Index) { ++count; });
    return count;
  }
  /// Calls `visit(row of y, b, t)` for all windows.
  template <class Visit>
  void for_each_window(Visit visit) const {
    for (Index row = 0; row < y.rows(); ++row) visit(row, row / windows.count, row % windows.count);
  }
};

// y = max x      the step of the largest gets dy
template <class T>
void compute_max(const Pooling& p) {
  const MatrixView<const T> x = p.x.value<T>();
  const MatrixView<T> y = p.y.mutable_value<T>();
  const auto places = p.y.tape().list<std::int32_t>(p.y.size());
  std::ranges::fill(places, -1);
  p.for_each_window([&](Index row, Index b, Index t) {
    T* const to = y.data + row * y.stride;
    std::int32_t* const place = places.data() + row * p.features;
    std::fill_n(to, p.features, T{});
    p.for_each_step(b, t, [&](Index from) {
      for (Index i = 0; i < p.features; ++i)
        if (place[i] < 0 || x(from, i) > to[i]) {
          to[i] = x(from, i);
          place[i] = static_cast<std::int32_t>(from);
        }
    });
  });
  if (!p.y.wants_gradient()) return;
  p.y.tape().on_backward(p.y, "max_pool1d", [p, places] {
    const MatrixView<T> dx = p.x.add_gradient<T>();
    const MatrixView<const T> dy = p.y.adjoint<T>();
    for (Index row = 0; row < dy.rows; ++row)
      for (Index i = 0; i < p.features; ++i)
        if (const auto from = places[static_cast<std::size_t>(row * p.features + i)]; from >= 0)
          dx(from, i) += dy(row, i);
  });
}

// y = Σ x / n      dx += dy / n
template <class T>
void compute_mean(const Pooling& p) {
  const MatrixView<const T> x = p.x.value<T>();
  const MatrixView<T> y = p.y.mutable_value<T>();
  p.for_each_window([&](Index row, Index b, Index t) {
    T* const to = y.data + row * y.stride;
    std::fill_n(to, p.features, T{});
    const T share = 1 / static_cast<T>(static_cast<double>(std::max<Index>(p.steps_in(b, t), 1)));
    p.for_each_step(b, t, [&](Index from) {
      for (Index i = 0; i < p.features; ++i) to[i] += x(from, i);
    });
    for (Index i = 0; i < p.features; ++i) to[i] *= share;
  });
  if (!p.y.wants_gradient()) return;
  p.y.tape().on_backward(p.y, "average_pool1d", [p] {
    const MatrixView<T> dx = p.x.add_gradient<T>();
    const MatrixView<const T> dy = p.y.adjoint<T>();
    p.for_each_window([&](Index row, Index b, Index t) {
      const T share = 1 / static_cast<T>(static_cast<double>(std::max<Index>(p.steps_in(b, t), 1)));
      p.for_each_step(b, t, [&](Index to) {
        for (Index i = 0; i < p.features; ++i) dx(to, i) += share * dy(row, i);
      });
    });
  });
}

Pooling pooling(const char* function, Var x, const SlidingWindows& windows, std::span<const std::uint8_t> counted) {
  const Shape& shape = x.shape();
  require(shape.rank() == 3, "{}: input {} where [batch, steps, features] is expected", function, shape);
  require(counted.empty() || static_cast<Index>(counted.size()) == shape[0] * shape[1],
          "{}: {} numbers say which steps of input {} count", function, counted.size(), shape);
  Tape& tape = x.tape();
  const auto copy = tape.list<std::uint8_t>(static_cast<Index>(counted.size()));
  std::ranges::copy(counted, copy.begin());
  return {x, tape.output({shape[0], windows.count, shape[2]}, x.wants_gradient()), windows, shape[1], shape[2], copy};
}

}  // namespace

Var max_pool1d(Var x, const SlidingWindows& windows, std::span<const std::uint8_t> counted) {
  const Pooling p = pooling("max_pool1d", x, windows, counted);
  dispatch(p.y.dtype(), [&]<class T>() { compute_max<T>(p); });
  return p.y;
}

Var average_pool1d(Var x, const SlidingWindows& windows, std::span<const std::uint8_t> counted) {
  const Pooling p = pooling("average_pool1d", x, windows, counted);
  dispatch(p.y.dtype(), [&]<class T>() { compute_mean<T>(p); });
  return p.y;
}

}  // namespace recur
