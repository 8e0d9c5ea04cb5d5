#include <recur/layers/inference/inference.h>

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/memory.h>
#include <recur/layers/inference/program.h>
#include <recur/layers/inference/trace.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace recur {
namespace {

constexpr std::size_t alignment = 64;
constexpr Index usual_steps = 32;
constexpr Index rows_together = 256;  // more rows make no product faster

Index steps_together(const InferenceOptions& options) {
  if (options.steps > 0) return options.steps;
  return std::clamp<Index>(rows_together / options.streams, 1, usual_steps);
}

}  // namespace

struct Inference::Compiled {
  Graph graph;
  detail::InferenceProgram program;
  detail::Slot input;
  detail::Slot output;
};

struct Inference::State::Memory {
  detail::Buffer<float> numbers;
  std::vector<std::int32_t> ids;
  detail::BoundSteps bound;  ///< To `numbers`.
};

Inference::State::State(std::unique_ptr<Memory> memory) : memory_(std::move(memory)) {}
Inference::State::State(State&&) noexcept = default;
Inference::State& Inference::State::operator=(State&&) noexcept = default;
Inference::State::~State() = default;
Inference::~Inference() = default;
Inference::Inference(Inference&&) noexcept = default;
Inference& Inference::operator=(Inference&&) noexcept = default;

Inference::Inference(Sequential& model, Index features, const InferenceOptions& options)
    : Inference(trace(model, features), options) {}

Inference::Inference(Graph graph, const InferenceOptions& options) {
  require<ValueError>(options.streams > 0 && options.steps >= 0, "Inference: {} streams, {} steps", options.streams,
                      options.steps);
  auto compiled = std::make_unique<Compiled>();
  compiled->program = detail::compile(graph, {options.streams, steps_together(options), options.int8});
  compiled->graph = std::move(graph);
  const auto& slots = compiled->program.slots;
  if (!compiled->graph.takes_ids()) compiled->input = slots[static_cast<std::size_t>(compiled->graph.input)];
  compiled->output = slots[static_cast<std::size_t>(compiled->graph.output.value)];
  compiled_ = std::move(compiled);
  state_ = std::make_unique<State>(make_state());
  if (!options.int8) check();
  reset();
}

Inference::State Inference::make_state() const {
  const detail::InferenceProgram& program = compiled_->program;
  auto memory = std::make_unique<State::Memory>();
  const auto count = static_cast<std::size_t>(program.memory);
  memory->numbers = detail::allocate_buffer<float>(count, alignment);
  std::fill_n(memory->numbers.get(), count, 0.0F);
  std::ranges::copy(program.constants, memory->numbers.get());
  if (takes_ids()) memory->ids.resize(static_cast<std::size_t>(program.streams * program.steps));
  memory->bound = program.bind(memory->numbers.get());
  State state(std::move(memory));
  reset(state);
  return state;
}

// Runs each stage by itself over the steps of its probe.
void Inference::check() const {
  const detail::InferenceProgram& program = compiled_->program;
  const Graph& graph = compiled_->graph;
  for (std::size_t i = 0; i < graph.stages.size(); ++i) {
    const GraphStage& stage = graph.stages[i];
    State state = make_state();
    float* const memory = state.memory_->numbers.get();
    for (Index t = 0; t < stage.probe.steps; ++t) {
      const detail::Slot& in = program.slots[static_cast<std::size_t>(stage.input.value)];
      const detail::Slot& out = program.slots[static_cast<std::size_t>(stage.output.value)];
      std::copy_n(stage.probe.inputs.data() + t * stage.input.size, stage.input.size,
                  memory + in.offset + stage.input.first);
      program.run_stage(program.stages[i], memory, 1, nullptr);
      for (Index j = 0; j < stage.output.size; ++j) {
        const float expected = stage.probe.outputs[static_cast<std::size_t>(t * stage.output.size + j)];
        const float found = memory[out.offset + stage.output.first + j];
        require<ValueError>(
            std::abs(found - expected) <= 1e-4F * (1 + std::abs(expected)) ||
                (std::isnan(found) && std::isnan(expected)),
            "Inference: {}: its trace gives {} where it gives {} itself (output {} of step {}); does it "
            "look at other steps, or at numbers in another way than by operations?",
            stage.name, found, expected, j, t);
      }
    }
  }
}

// ---- Steps ----------------------------------------------------------------------------------------------------------

void Inference::step(std::span<const float> input, std::span<float> output) noexcept { step(input, output, *state_); }
void Inference::step(std::span<const std::int32_t> ids, std::span<float> output) noexcept {
  step(ids, output, *state_);
}
void Inference::run(std::span<const float> input, std::span<float> output) noexcept { run(input, output, *state_); }
void Inference::run(std::span<const std::int32_t> ids, std::span<float> output) noexcept { run(ids, output, *state_); }

namespace {

// A call for each vector would cost more than the numbers of a small one.
void copy(const float* from, Index count, float* to) noexcept {
  if (count == 1) *to = *from;
  else std::copy_n(from, count, to);
}

}  // namespace

void Inference::step(std::span<const float> input, std::span<float> output, State& state) const noexcept {
  const Index size = input_size();
  const Compiled& compiled = *compiled_;
  assert(!takes_ids() && static_cast<Index>(input.size()) == size * streams());
  float* const memory = state.memory_->numbers.get();
  for (Index s = 0; s < streams(); ++s)
    copy(input.data() + s * size, size, memory + compiled.input.offset + s * compiled.input.stride);
  compiled.program.run(memory, state.memory_->bound, nullptr);
  take_step(output, state);
}

void Inference::step(std::span<const std::int32_t> ids, std::span<float> output, State& state) const noexcept {
  assert(takes_ids() && static_cast<Index>(ids.size()) == streams());
  compiled_->program.run(state.memory_->numbers.get(), state.memory_->bound, ids.data());
  take_step(output, state);
}

void Inference::take_step(std::span<float> output, const State& state) const noexcept {
  const Compiled& compiled = *compiled_;
  const GraphPart& part = compiled.graph.output;
  assert(static_cast<Index>(output.size()) == part.size * streams());
  for (Index s = 0; s < streams(); ++s)
    copy(state.memory_->numbers.get() + compiled.output.offset + part.first + s * compiled.output.stride, part.size,
         output.data() + s * part.size);
}

namespace {

/// Steps of a sequence that are worked on together, and where they are in it.
struct Block {
  Index first;
  Index count;
  Index time;
};

template <class RunBlock>
void in_blocks(Index time, Index together, RunBlock run_block) noexcept {
  for (Index first = 0; first < time; first += together)
    run_block(Block{first, std::min(together, time - first), time});
}

// Copies the outputs of a block, or of its last step only if there is room for no more.
void take_outputs(const float* memory, const detail::Slot& slot, const GraphPart& part, const Block& block,
                  Index streams, std::span<float> output) noexcept {
  const bool last_only = static_cast<Index>(output.size()) == streams * part.size;
  for (Index t = last_only ? block.count - 1 : 0; t < block.count; ++t)
    for (Index s = 0; s < streams; ++s)
      std::copy_n(memory + slot.offset + part.first + (t * streams + s) * slot.stride, part.size,
                  output.data() + (last_only ? s : s * block.time + block.first + t) * part.size);
}

}  // namespace

void Inference::run(std::span<const float> input, std::span<float> output, State& state) const noexcept {
  const Index size = input_size();
  const Compiled& compiled = *compiled_;
  const Index time = static_cast<Index>(input.size()) / (size * streams());
  assert(!takes_ids() && static_cast<Index>(input.size()) == time * size * streams());
  float* const memory = state.memory_->numbers.get();
  in_blocks(time, compiled.program.steps, [&](const Block& block) {
    for (Index t = 0; t < block.count; ++t)
      for (Index s = 0; s < streams(); ++s)
        std::copy_n(input.data() + (s * time + block.first + t) * size, size,
                    memory + compiled.input.offset + (t * streams() + s) * compiled.input.stride);
    compiled.program.run(memory, block.count, nullptr);
    take_outputs(memory, compiled.output, compiled.graph.output, block, streams(), output);
  });
}

void Inference::run(std::span<const std::int32_t> ids, std::span<float> output, State& state) const noexcept {
  const Compiled& compiled = *compiled_;
  const Index time = static_cast<Index>(ids.size()) / streams();
  assert(takes_ids() && static_cast<Index>(ids.size()) == time * streams());
  float* const memory = state.memory_->numbers.get();
  std::int32_t* const turned = state.memory_->ids.data();
  in_blocks(time, compiled.program.steps, [&](const Block& block) {
    for (Index t = 0; t < block.count; ++t)
      for (Index s = 0; s < streams(); ++s)
        turned[t * streams() + s] = ids[static_cast<std::size_t>(s * time + block.first + t)];
    compiled.program.run(memory, block.count, turned);
    take_outputs(memory, compiled.output, compiled.graph.output, block, streams(), output);
  });
}

// ---- States ---------------------------------------------------------------------------------------------------------

void Inference::reset() noexcept { reset(*state_); }
void Inference::reset(Index stream) noexcept { reset(*state_, stream); }
void Inference::reset(State& state) const noexcept {
  for (Index s = 0; s < streams(); ++s) reset(state, s);
}
void Inference::reset(State& state, Index stream) const noexcept {
  assert(stream >= 0 && stream < streams());
  for (const auto& [slot, initial] : compiled_->program.states)
    std::ranges::copy(initial, state.memory_->numbers.get() + slot.offset + stream * slot.stride);
}

void Inference::get_states(Index stream, std::span<float> numbers) const noexcept {
  assert(stream >= 0 && stream < streams() && static_cast<Index>(numbers.size()) == state_size());
  float* to = numbers.data();
  for (const auto& [slot, initial] : compiled_->program.states)
    to = std::copy_n(state_->memory_->numbers.get() + slot.offset + stream * slot.stride, initial.size(), to);
}

void Inference::set_states(Index stream, std::span<const float> numbers) noexcept {
  assert(stream >= 0 && stream < streams() && static_cast<Index>(numbers.size()) == state_size());
  const float* from = numbers.data();
  for (const auto& [slot, initial] : compiled_->program.states) {
    std::copy_n(from, initial.size(), state_->memory_->numbers.get() + slot.offset + stream * slot.stride);
    from += initial.size();
  }
}

// ---- What it is -----------------------------------------------------------------------------------------------------

Index Inference::input_size() const noexcept { return takes_ids() ? 1 : compiled_->graph.features; }
Index Inference::output_size() const noexcept { return compiled_->graph.output.size; }
Index Inference::state_size() const noexcept { return compiled_->graph.state_size(); }
Index Inference::streams() const noexcept { return compiled_->program.streams; }
bool Inference::takes_ids() const noexcept { return compiled_->graph.takes_ids(); }
std::size_t Inference::weight_bytes() const noexcept { return compiled_->program.weight_bytes(); }
std::size_t Inference::state_bytes() const noexcept {
  return static_cast<std::size_t>(compiled_->program.memory) * sizeof(float);
}
const Graph& Inference::graph() const noexcept { return compiled_->graph; }

namespace {

template <class In>
InferenceDifference difference(const Inference& inference, const Inference& reference, std::span<const In> inputs) {
  Inference::State state = inference.make_state();
  Inference::State other = reference.make_state();
  const auto size = static_cast<std::size_t>(inference.input_size() * inference.streams());
  std::vector<float> output(static_cast<std::size_t>(inference.output_size() * inference.streams()));
  std::vector<float> expected(output.size());
  require<ValueError>(
      inference.streams() == reference.streams() && expected.size() == output.size() && inputs.size() % size == 0,
      "compare: {} inputs for {} streams of {} and {}", inputs.size(), inference.streams(), inference.input_size(),
      reference.input_size());
  InferenceDifference result;
  double squares = 0;
  double all = 0;
  for (std::size_t at = 0; at < inputs.size(); at += size) {
    inference.step(inputs.subspan(at, size), output, state);
    reference.step(inputs.subspan(at, size), expected, other);
    for (std::size_t i = 0; i < output.size(); ++i) {
      const double d = static_cast<double>(output[i]) - static_cast<double>(expected[i]);
      result.largest = std::max(result.largest, std::abs(d));
      squares += d * d;
      all += static_cast<double>(expected[i]) * static_cast<double>(expected[i]);
    }
  }
  result.relative = all > 0 ? std::sqrt(squares / all) : 0;
  return result;
}

}  // namespace

InferenceDifference compare(const Inference& inference, const Inference& reference, std::span<const float> inputs) {
  return difference(inference, reference, inputs);
}
InferenceDifference compare(const Inference& inference, const Inference& reference, std::span<const std::int32_t> ids) {
  return difference(inference, reference, ids);
}

}  // namespace recur
