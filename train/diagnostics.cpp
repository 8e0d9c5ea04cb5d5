#include <recur/train/diagnostics.h>

#include <recur/framework/ops/gradient.h>
#include <recur/io/line_plot.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recur {
namespace {

double norm_of(Var x) {
  return dispatch(x.dtype(), [&]<class T>() {
    const MatrixView<const T> numbers = x.value<T>();
    double sum = 0;
    for (Index r = 0; r < numbers.rows; ++r)
      for (const T number : numbers.row(r)) sum += static_cast<double>(number) * static_cast<double>(number);
    return std::sqrt(sum);
  });
}

}  // namespace

void SequenceDiagnostics::add(Sums& sums, Var state) const {
  dispatch(state.dtype(), [&]<class T>() {
    const MatrixView<const T> numbers = state.value<T>();
    for (Index r = 0; r < numbers.rows; ++r)
      for (const T element : numbers.row(r)) {
        const auto number = static_cast<double>(element);
        sums.count += 1;
        sums.sum += number;
        sums.squares += number * number;
        sums.saturated += std::abs(number) > threshold_ ? 1 : 0;
      }
  });
}

void SequenceDiagnostics::step(Index layer, Index t, std::span<Var> states) {
  if (states.empty() || !states[0].tape().training()) return;
  if (layer == 0 && t == 0) layers_.clear();  // another pass begins
  if (layer >= layers()) layers_.resize(static_cast<std::size_t>(layer) + 1);
  auto& own = layers_[static_cast<std::size_t>(layer)];
  own.resize(states.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    State& seen = own[i];
    if (t >= static_cast<Index>(seen.norms.size())) seen.norms.resize(static_cast<std::size_t>(t) + 1);
    add(seen.sums, states[i]);
    states[i] = on_gradient(states[i], [this, layer, t, i](Var gradient) {
      layers_[static_cast<std::size_t>(layer)][i].norms[static_cast<std::size_t>(t)] = norm_of(gradient);
    });
  }
}

const SequenceDiagnostics::State& SequenceDiagnostics::at(Index layer, Index state) const {
  require<ValueError>(layer >= 0 && layer < layers(),
                      "SequenceDiagnostics: layer {} of {} seen (does the RNN observe?)", layer, layers());
  const auto& own = layers_[static_cast<std::size_t>(layer)];
  require<ValueError>(state >= 0 && state < static_cast<Index>(own.size()),
                      "SequenceDiagnostics: state {} of layer {}, which has {}", state, layer, own.size());
  return own[static_cast<std::size_t>(state)];
}

std::vector<double> SequenceDiagnostics::gradient_norms(Index layer, Index state) const {
  return at(layer, state).norms;
}

StateStatistics SequenceDiagnostics::statistics(Index layer, Index state) const {
  const Sums& sums = at(layer, state).sums;
  if (sums.count == 0) return {};
  const double mean = sums.sum / sums.count;
  return {mean, std::sqrt(std::max(0.0, sums.squares / sums.count - mean * mean)), sums.saturated / sums.count};
}

void SequenceDiagnostics::save_plot(const std::filesystem::path& path) const {
  require<StateError>(layers() > 0, "SequenceDiagnostics::save_plot: nothing was seen (does the RNN observe?)");
  LinePlot plot("Gradients through time", "step", "log10 |dL/dh|");
  for (Index layer = 0; layer < layers(); ++layer) {
    std::vector<double> norms = gradient_norms(layer);
    std::vector<double> steps(norms.size());
    std::iota(steps.begin(), steps.end(), 0);
    for (double& norm : norms) norm = std::log10(norm);
    plot.add("cell " + std::to_string(layer), steps, norms);
  }
  plot.save(path);
}

}  // namespace recur
