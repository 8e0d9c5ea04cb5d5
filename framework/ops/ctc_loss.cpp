#include <recur/framework/ops/ctc_loss.h>
#include <recur/framework/ops/row_kernels.h>
#include <recur/framework/threads/parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace recur {
namespace {

constexpr Index work_per_state = 60;  // three exponentials and a logarithm, roughly

/// One sequence of a batch. States are the labels with a blank before, between and behind them.
struct Sequence {
  std::span<const std::int32_t> labels;
  Index steps = 0;
  bool skipped = false;

  [[nodiscard]] Index states() const { return 2 * static_cast<Index>(labels.size()) + 1; }
};

/// A batch on a tape.
struct LossBatch {
  Var logits, loss;
  std::span<const Sequence> sequences;
  Index time;
  std::int32_t blank;
  bool time_major;
  Reduction reduction;

  [[nodiscard]] Index size() const { return static_cast<Index>(sequences.size()); }
  [[nodiscard]] Index row(Index b, Index t) const { return time_major ? t * size() + b : b * time + t; }
  [[nodiscard]] std::int32_t class_of(const Sequence& s, Index state) const {
    return state % 2 == 0 ? blank : s.labels[static_cast<std::size_t>(state / 2)];
  }
  /// Returns true if a path may go from state - 2 to `state`: over the blank between two different labels.
  [[nodiscard]] bool skips_blank(const Sequence& s, Index state) const {
    return state % 2 == 1 && state > 1 && class_of(s, state) != class_of(s, state - 2);
  }
  [[nodiscard]] double scale() const {
    return reduction == Reduction::sum || reduction == Reduction::none ? 1 : 1.0 / static_cast<double>(size());
  }
};

/// What backward needs of a sequence: logarithms of the normalizers of its steps, and of the sums over paths that reach
/// a state, `[steps, states]`, the last one being that of all paths.
template <class S>
struct Sums {
  std::span<S> normalizers;
  std::span<S> forward;
  S total;
};

// ln 0
constexpr double no_path = -std::numeric_limits<double>::infinity();

// ln (eᵃ + eᵇ + eᶜ)
template <class S>
S add_logs(S a, S b, S c) {
  using simd::exp;
  using simd::log;
  using std::exp;
  using std::log;
  const S top = a > b ? (a > c ? a : c) : (b > c ? b : c);
  if (!(top > S(no_path))) return S(no_path);
  return top + log(exp(a - top) + exp(b - top) + exp(c - top));
}

template <class T>
SumOf<T> log_probability(const LossBatch& batch, const Sums<SumOf<T>>& sums, Index b, Index t, std::int32_t label) {
  const MatrixView<const T> x = batch.logits.value<T>();
  return static_cast<SumOf<T>>(x(batch.row(b, t), label)) - sums.normalizers[static_cast<std::size_t>(t)];
}

template <class T>
void sum_forward(const LossBatch& batch, Index b, Sums<SumOf<T>>& sums) {
  using S = SumOf<T>;
  const Sequence& s = batch.sequences[static_cast<std::size_t>(b)];
  const MatrixView<const T> x = batch.logits.value<T>();
  const Index states = s.states();
  for (Index t = 0; t < s.steps; ++t)
    sums.normalizers[static_cast<std::size_t>(t)] =
        static_cast<S>(detail::row_kernels<T>().log_sum_exp(x.data + batch.row(b, t) * x.stride, x.cols));
  const S unreachable(no_path);
  for (Index t = 0; t < s.steps; ++t) {
    S* const now = sums.forward.data() + t * states;
    const S* const before = now - states;
    for (Index state = 0; state < states; ++state) {
      S paths = t == 0 ? (state < 2 ? S(0.0) : unreachable)
                       : add_logs(before[state], state > 0 ? before[state - 1] : unreachable,
                                  batch.skips_blank(s, state) ? before[state - 2] : unreachable);
      if (paths > unreachable) paths = paths + log_probability<T>(batch, sums, b, t, batch.class_of(s, state));
      now[state] = paths;
    }
  }
  if (s.steps == 0) {
    sums.total = S(0.0);
    return;
  }
  const S* const last = sums.forward.data() + (s.steps - 1) * states;
  sums.total = add_logs(last[states - 1], states > 1 ? last[states - 2] : unreachable, unreachable);
}

// dx[t, k] = seed·(softmax(x)[t, k] - Σ p(state of class k at step t | labels))
template <class T>
void add_gradient(const LossBatch& batch, Index b, const Sums<SumOf<T>>& sums, std::span<SumOf<T>> later, T seed,
                  MatrixView<T> dx) {
  using S = SumOf<T>;
  using simd::exp;
  using std::exp;
  const Sequence& s = batch.sequences[static_cast<std::size_t>(b)];
  const MatrixView<const T> x = batch.logits.value<T>();
  const Index states = s.states();
  const S unreachable(no_path);
  // ln of the sum over paths from a state to the end, without the state's own step; and with that step.
  S* const backward = later.data();
  S* const entered = backward + states;
  for (Index t = s.steps - 1; t >= 0; --t) {
    for (Index state = states - 1; state >= 0; --state) {
      if (t == s.steps - 1) backward[state] = state >= states - 2 ? S(0.0) : unreachable;
      else
        backward[state] =
            add_logs(entered[state], state + 1 < states ? entered[state + 1] : unreachable,
                     state + 2 < states && batch.skips_blank(s, state + 2) ? entered[state + 2] : unreachable);
    }
    const Index row = batch.row(b, t);
    for (Index k = 0; k < x.cols; ++k)
      dx(row, k) +=
          seed * static_cast<T>(exp(static_cast<S>(x(row, k)) - sums.normalizers[static_cast<std::size_t>(t)]));
    for (Index state = 0; state < states; ++state) {
      const std::int32_t label = batch.class_of(s, state);
      const S reached = sums.forward[static_cast<std::size_t>(t * states + state)];
      if (reached > unreachable && backward[state] > unreachable)
        dx(row, label) -= seed * static_cast<T>(exp(reached + backward[state] - sums.total));
      entered[state] =
          backward[state] > unreachable ? backward[state] + log_probability<T>(batch, sums, b, t, label) : unreachable;
    }
  }
}

template <class T>
void backward(const LossBatch& batch, std::span<const Sums<SumOf<T>>> all) {
  const MatrixView<T> dx = batch.logits.add_gradient<T>();
  const T* const seeds = batch.loss.adjoint<T>().data;
  Index states = 0;
  for (const Sequence& s : batch.sequences) states = std::max(states, s.states());
  const auto memory = batch.loss.tape().scratch<SumOf<T>>(2 * states * batch.size());
  parallel_for(batch.size(), batch.time * (states * work_per_state + batch.logits.cols()), [&](Index b) {
    const auto at = static_cast<std::size_t>(b);
    if (batch.sequences[at].skipped) return;
    const T seed = static_cast<T>(batch.scale()) * seeds[batch.reduction == Reduction::none ? b : 0];
    add_gradient<T>(batch, b, all[at], memory.subspan(2 * at * static_cast<std::size_t>(states)), seed, dx);
  });
}

template <class T>
void compute(const LossBatch& batch) {
  using S = SumOf<T>;
  Tape& tape = batch.loss.tape();
  const auto all = tape.scratch<Sums<S>>(batch.size());
  for (std::size_t b = 0; b < all.size(); ++b) {
    const Sequence& s = batch.sequences[b];
    all[b] = {tape.scratch<S>(s.steps), tape.scratch<S>(s.steps * s.states()), S(0.0)};
  }
  parallel_for(batch.size(), batch.time * work_per_state, [&](Index b) {
    const auto at = static_cast<std::size_t>(b);
    if (!batch.sequences[at].skipped) sum_forward<T>(batch, b, all[at]);
  });
  T* const loss = batch.loss.mutable_value<T>().data;
  S total(0.0);
  for (std::size_t b = 0; b < all.size(); ++b) {
    if (batch.reduction == Reduction::none) loss[b] = static_cast<T>(-all[b].total);
    total = total - all[b].total;
  }
  if (batch.reduction != Reduction::none) *loss = static_cast<T>(total * S(batch.scale()));
  if (batch.loss.wants_gradient()) tape.on_backward(batch.loss, "ctc_loss", [batch, all] { backward<T>(batch, all); });
}

// Copies the labels to the tape and checks each sequence.
std::span<const Sequence> sequences_of(Var logits, const CtcLabels& labels, const CtcOptions& options) {
  const Index batch = logits.shape()[options.time_major ? 1 : 0];
  const Index time = logits.shape()[options.time_major ? 0 : 1];
  Tape& tape = logits.tape();
  const auto copy = tape.list<std::int32_t>(static_cast<Index>(labels.labels.size()));
  std::ranges::copy(labels.labels, copy.begin());
  const auto sequences = tape.list<Sequence>(batch);
  std::size_t first = 0;
  for (std::size_t b = 0; b < sequences.size(); ++b) {
    const auto count = static_cast<std::size_t>(labels.counts[b]);
    require(labels.counts[b] >= 0 && first + count <= copy.size(), "ctc_loss: sequence {} has {} labels, {} are left",
            b, labels.counts[b], copy.size() - first);
    Sequence& s = sequences[b] = {copy.subspan(first, count), options.lengths.empty() ? time : options.lengths[b]};
    first += count;
    require(s.steps >= 0 && s.steps <= time, "ctc_loss: sequence {} has {} steps, the logits {}", b, s.steps, time);
    auto needed = static_cast<Index>(count);
    for (std::size_t i = 0; i < count; ++i) {
      require<ValueError>(s.labels[i] >= 0 && s.labels[i] < logits.cols() && s.labels[i] != options.blank,
                          "ctc_loss: label {} of sequence {}, must be in [0, {}) and not the blank {}", s.labels[i], b,
                          logits.cols(), options.blank);
      if (i > 0 && s.labels[i] == s.labels[i - 1]) ++needed;
    }
    s.skipped = s.steps < needed;
    require<ValueError>(!s.skipped || options.skip_impossible,
                        "ctc_loss: sequence {} has {} steps, its {} labels need {} (equal neighbours need a blank "
                        "between them); skip_impossible leaves such sequences out",
                        b, s.steps, count, needed);
  }
  require(first == copy.size(), "ctc_loss: {} labels, the counts add up to {}", copy.size(), first);
  return sequences;
}

}  // namespace

Var ctc_loss(Var logits, const CtcLabels& labels, const CtcOptions& options) {
  const Shape& shape = logits.shape();
  require(shape.rank() == 3, "ctc_loss: logits {} where {} is expected", shape,
          options.time_major ? "[time, batch, classes]" : "[batch, time, classes]");
  const Index batch = shape[options.time_major ? 1 : 0];
  require(batch > 0 && static_cast<Index>(labels.counts.size()) == batch &&
              (options.lengths.empty() || static_cast<Index>(options.lengths.size()) == batch),
          "ctc_loss: logits {} of {} sequences, {} counts of labels, {} lengths", shape, batch, labels.counts.size(),
          options.lengths.size());
  require<ValueError>(options.blank >= 0 && options.blank < shape[2], "ctc_loss: blank {}, must be in [0, {})",
                      options.blank, shape[2]);
  const auto sequences = sequences_of(logits, labels, options);
  const Shape result = options.reduction == Reduction::none ? Shape{batch} : Shape{};
  const LossBatch whole{logits,           logits.tape().output(result, logits.wants_gradient()),
                        sequences,        shape[options.time_major ? 0 : 1],
                        options.blank,    options.time_major,
                        options.reduction};
  dispatch(logits.dtype(), [&]<class T>() { compute<T>(whole); });
  return whole.loss;
}

}  // namespace recur
