#include <recur/framework/autodiff/products.h>
#include <recur/framework/ops/conv1d.h>
#include <recur/framework/threads/parallel.h>

#include <algorithm>

namespace recur {
namespace {

// Rows of the gradient of the columns that are in the second-level cache when they are added up.
constexpr Index rows_together = 128;

/// A convolution on a tape. `columns` and `results` hold a matrix for each sequence.
struct Convolution {
  Var x, kernel, bias, y;
  SlidingWindows windows;
  Index batch, steps, channels, filters;
  std::span<const std::uint8_t> counted;  // empty: all steps
  std::span<Var> columns, results;

  [[nodiscard]] Index taps() const { return windows.size * channels; }
  [[nodiscard]] Index products() const { return 2 * windows.count * taps() * filters; }
  [[nodiscard]] bool counts(Index b, Index step) const {
    return step >= 0 && step < steps && (counted.empty() || counted[static_cast<std::size_t>(b * steps + step)] != 0);
  }
  /// Returns true if the input itself can be read as columns.
  [[nodiscard]] bool reads_input() const {
    return counted.empty() && windows.dilation == 1 && windows.before == 0 && x.node()->stride == channels &&
           (windows.count - 1) * windows.stride + windows.size <= steps;
  }
  /// Returns true if sequences may be divided over threads: the packed kernel is shared, other products have one
  /// memory.
  [[nodiscard]] bool divides() const {
    Tape& tape = x.tape();
    return detail::is_parameter(kernel) && tape.dtype() != DType::dual && tape.mechanisms().pack_weights;
  }
  template <class Body>
  void for_each_sequence(Body body) const {
    if (divides()) return parallel_for(batch, products(), body);
    for (Index b = 0; b < batch; ++b) body(b);
  }
};

// Copies the steps of sequence b: with padding, so that rows of windows overlap, or each dilated window for itself.
template <class T>
void copy_columns(const Convolution& c, Index b, T* to) {
  const MatrixView<const T> from = c.x.value<T>();
  const auto put = [&](Index step) {
    if (c.counts(b, step)) std::copy_n(from.data + (b * c.steps + step) * from.stride, c.channels, to);
    else std::fill_n(to, c.channels, T{});
    to += c.channels;
  };
  const SlidingWindows& w = c.windows;
  if (w.dilation == 1) {
    for (Index i = 0; i < (w.count - 1) * w.stride + w.size; ++i) put(i - w.before);
    return;
  }
  for (Index t = 0; t < w.count; ++t)
    for (Index k = 0; k < w.size; ++k) put(w.step(t, k));
}

// Views have no gradient: that of the columns of different windows goes to the same steps.
void place_columns(Convolution& c) {
  Tape& tape = c.x.tape();
  const SlidingWindows& w = c.windows;
  const Shape shape{w.count, c.taps()};
  const Index stride = w.dilation == 1 ? w.stride * c.channels : c.taps();
  if (c.reads_input()) {
    const Var input = tape.view(c.x, 0, c.x.shape(), c.channels);
    input.node()->wanted = false;
    for (Index b = 0; b < c.batch; ++b)
      c.columns[static_cast<std::size_t>(b)] = tape.view(input, b * c.steps * c.channels, shape, stride);
    return;
  }
  const Index rows = w.dilation == 1 ? (w.count - 1) * w.stride + w.size : w.count * w.size;
  const Var copies = tape.output({c.batch, rows, c.channels}, false);
  for (Index b = 0; b < c.batch; ++b)
    c.columns[static_cast<std::size_t>(b)] = tape.view(copies, b * rows * c.channels, shape, stride);
  dispatch(c.x.dtype(), [&]<class T>() {
    T* const data = copies.mutable_value<T>().data;
    parallel_for(c.batch, rows * c.channels, [&](Index b) { copy_columns<T>(c, b, data + b * rows * c.channels); });
  });
}

template <class T>
void compute(const Convolution& c) {
  const T* const bias = c.bias.defined() ? c.bias.value<T>().data : nullptr;
  c.for_each_sequence([&](Index b) {
    const auto at = static_cast<std::size_t>(b);
    detail::multiply_into<T>({c.columns[at], c.kernel}, c.results[at].mutable_value<T>(), false, bias);
  });
}

// Adds the gradient of the columns of windows [first, first + columns.rows) of sequence b to that of the steps.
template <class T>
void add_columns(const Convolution& c, Index b, Index first, MatrixView<const T> columns, MatrixView<T> dx) {
  for (Index r = 0; r < columns.rows; ++r) {
    const T* from = columns.data + r * columns.stride;
    for (Index k = 0; k < c.windows.size; ++k, from += c.channels) {
      const Index step = c.windows.step(first + r, k);
      if (!c.counts(b, step)) continue;
      T* const to = dx.data + (b * c.steps + step) * dx.stride;
      for (Index i = 0; i < c.channels; ++i) to[i] += from[i];
    }
  }
}

// dx: dcolumns = dy·kernelᵀ, some rows at a time, each added to the steps it was read from.
template <class T>
void input_gradient(const Convolution& c) {
  Tape& tape = c.x.tape();
  const MatrixView<T> dx = c.x.add_gradient<T>();
  const Var dy = tape.gradient_at(c.y);
  const Index blocks = (c.windows.count + rows_together - 1) / rows_together;
  const auto rows = tape.list<Var>(c.batch * blocks);
  const auto block_rows = [&](Index block) { return std::min(rows_together, c.windows.count - block * rows_together); };
  for (Index i = 0; i < c.batch * blocks; ++i) {
    const Index at = (i / blocks * c.windows.count + i % blocks * rows_together) * c.filters;
    rows[static_cast<std::size_t>(i)] = tape.view(dy, at, {block_rows(i % blocks), c.filters}, c.filters);
  }
  // Each share has memory of its own.
  const Index shares = c.divides() ? std::min<Index>(c.batch, useful_threads(c.batch, c.products())) : 1;
  const Index size = std::min(rows_together, c.windows.count) * c.taps();
  const auto memory = tape.scratch<T>(shares * size);
  parallel_for(shares, c.batch * c.products() / shares, [&](Index share) {
    T* const columns = memory.data() + share * size;
    for (Index b = share; b < c.batch; b += shares)
      for (Index block = 0; block < blocks; ++block) {
        const MatrixView<T> part(columns, block_rows(block), c.taps());
        detail::multiply_into<T>({rows[static_cast<std::size_t>(b * blocks + block)], c.kernel, Transpose::b}, part,
                                 false, nullptr);
        add_columns<T>(c, b, block * rows_together, part, dx);
      }
  });
}

template <class T>
void backward(const Convolution& c) {
  if (c.bias.defined() && c.bias.wants_gradient())
    detail::sum_columns<T>(c.y.adjoint<T>(), c.bias.add_gradient<T>().data);
  if (c.kernel.wants_gradient())
    for (Index b = 0; b < c.batch; ++b) {
      const auto at = static_cast<std::size_t>(b);
      detail::multiply_back<T>({c.columns[at], c.kernel}, c.results[at]);
    }
  if (c.x.wants_gradient()) input_gradient<T>(c);
}

void check(Var x, Var kernel, Var bias, const SlidingWindows& w, std::span<const std::uint8_t> counted) {
  const Shape& shape = x.shape();
  const Shape& weights = kernel.shape();
  require(shape.rank() == 3, "conv1d: input {} where [batch, steps, channels] is expected", shape);
  require(weights.rank() == 3 && weights[0] == w.size && weights[1] == shape[2],
          "conv1d: kernel {} where [{}, {}, filters] is expected for input {}", weights, w.size, shape[2], shape);
  require(!bias.defined() || bias.size() == weights[2], "conv1d: bias {} for {} filters",
          bias.defined() ? bias.shape() : Shape{}, weights[2]);
  require(counted.empty() || static_cast<Index>(counted.size()) == shape[0] * shape[1],
          "conv1d: {} numbers say which steps of input {} count", counted.size(), shape);
  detail::require_one_tape("conv1d", x, kernel);
}

std::span<const std::uint8_t> copied(Tape& tape, std::span<const std::uint8_t> counted) {
  const auto copy = tape.list<std::uint8_t>(static_cast<Index>(counted.size()));
  std::ranges::copy(counted, copy.begin());
  return copy;
}

bool wants(Var x) { return x.defined() && x.wants_gradient(); }

}  // namespace

Var conv1d(Var x, Var kernel, Var bias, const SlidingWindows& windows, std::span<const std::uint8_t> counted) {
  check(x, kernel, bias, windows, counted);
  Tape& tape = x.tape();
  const Shape& shape = x.shape();
  const Index filters = kernel.cols();
  Convolution c{x,
                kernel,
                bias,
                tape.output({shape[0], windows.count, filters}, wants(x) || wants(kernel) || wants(bias)),
                windows,
                shape[0],
                shape[1],
                shape[2],
                filters,
                copied(tape, counted),
                tape.list<Var>(shape[0]),
                tape.list<Var>(shape[0])};
  if (c.y.size() == 0) return c.y;
  place_columns(c);
  for (Index b = 0; b < c.batch; ++b)
    c.results[static_cast<std::size_t>(b)] =
        tape.view(c.y, b * windows.count * filters, {windows.count, filters}, filters);
  dispatch(c.y.dtype(), [&]<class T>() {
    compute<T>(c);
    if (c.y.wants_gradient()) tape.on_backward(c.y, "conv1d", [c] { backward<T>(c); });
  });
  return c.y;
}

}  // namespace recur
