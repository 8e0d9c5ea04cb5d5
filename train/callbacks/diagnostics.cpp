#include <recur/train/callbacks/diagnostics.h>

#include <recur/framework/ops/gradient.h>
#include <recur/io/line_plot.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace recur {
namespace {

constexpr double closed_below = 0.1;
constexpr double open_above = 0.9;

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

void SequenceDiagnostics::begin(const Tape& tape) {
  if (!tape.training()) return;
  layers_.clear();
  ++pass_;
}

void SequenceDiagnostics::gate(std::string_view name, Var values) {
  Gate gate{std::string(name)};
  dispatch(values.dtype(), [&]<class T>() {
    const MatrixView<const T> numbers = values.value<T>();
    for (Index r = 0; r < numbers.rows; ++r)
      for (const T element : numbers.row(r)) {
        const auto number = static_cast<double>(element);
        gate.count += 1;
        gate.closed += number < closed_below ? 1 : 0;
        gate.open += number > open_above ? 1 : 0;
      }
  });
  told_.push_back(std::move(gate));
}

void SequenceDiagnostics::step(Index layer, Index t, std::span<Var> states) {
  const std::vector<Gate> gates = std::exchange(told_, {});
  if (states.empty() || !states[0].tape().training()) return;
  if (layer >= layers()) layers_.resize(static_cast<std::size_t>(layer) + 1);
  Layer& own = layers_[static_cast<std::size_t>(layer)];
  for (const Gate& gate : gates) {
    const auto same = [&](const Gate& other) { return other.name == gate.name; };
    auto sums = std::find_if(own.gates.begin(), own.gates.end(), same);
    if (sums == own.gates.end()) sums = own.gates.insert(sums, Gate{gate.name});
    sums->count += gate.count;
    sums->closed += gate.closed;
    sums->open += gate.open;
  }
  own.states.resize(states.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    State& seen = own.states[i];
    if (t >= static_cast<Index>(seen.norms.size())) seen.norms.resize(static_cast<std::size_t>(t) + 1);
    add(seen.sums, states[i]);
    states[i] = on_gradient(states[i], [this, pass = pass_, layer, t, i](Var gradient) {
      if (pass != pass_) return;  // another has begun before this one went back
      layers_[static_cast<std::size_t>(layer)].states[i].norms[static_cast<std::size_t>(t)] = norm_of(gradient);
    });
  }
}

const SequenceDiagnostics::Layer& SequenceDiagnostics::at(Index layer) const {
  require<ValueError>(layer >= 0 && layer < layers(),
                      "SequenceDiagnostics: layer {} of {} seen (does the RNN observe?)", layer, layers());
  return layers_[static_cast<std::size_t>(layer)];
}

const SequenceDiagnostics::State& SequenceDiagnostics::at(Index layer, Index state) const {
  const auto& own = at(layer).states;
  require<ValueError>(state >= 0 && state < static_cast<Index>(own.size()),
                      "SequenceDiagnostics: state {} of layer {}, which has {}", state, layer, own.size());
  return own[static_cast<std::size_t>(state)];
}

std::vector<GateStatistics> SequenceDiagnostics::gates(Index layer) const {
  std::vector<GateStatistics> result;
  for (const Gate& gate : at(layer).gates)
    result.push_back({gate.name, gate.closed / gate.count, gate.open / gate.count});
  return result;
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
