#pragma once

#include <recur/framework/autodiff/tape.h>

#include <array>
#include <initializer_list>
#include <new>
#include <span>
#include <type_traits>

namespace recur {

namespace detail {

/// A part of a computation that can be done again: a plain callable without its type, and its operands.
struct Subgraph {
  void (*run)(const void* body, std::span<const Var> inputs, std::span<Var> outputs);
  const void* body;
  std::span<const Var> inputs;
};

void run_checkpointed(Tape& tape, const Subgraph& part, std::span<Var> outputs);

template <class T>
struct CheckpointResult;
template <>
struct CheckpointResult<Var> {
  static constexpr std::size_t count = 1;
  static void put(const Var& result, std::span<Var> outputs) { outputs[0] = result; }
  static Var take(std::span<const Var> outputs) { return outputs[0]; }
};
template <std::size_t N>
struct CheckpointResult<std::array<Var, N>> {
  static constexpr std::size_t count = N;
  static void put(const std::array<Var, N>& result, std::span<Var> outputs) {
    std::copy(result.begin(), result.end(), outputs.begin());
  }
  static std::array<Var, N> take(std::span<const Var> outputs) {
    std::array<Var, N> result;
    std::copy(outputs.begin(), outputs.end(), result.begin());
    return result;
  }
};

}  // namespace detail

/// Computes `body(inputs)` and keeps only its results. `backward` computes it again, recorded this time, and frees the
/// memory afterwards. A sequence of n such parts needs the memory of one part and of n results, and one more forward
/// pass.
///
///   const Var y = checkpoint([&layer](std::span<const Var> in) { return layer(in[0]); }, {x});
///
/// @param body takes `std::span<const Var>` and returns a `Var` or a `std::array` of them. It may capture references to
/// layers and parameters, and numbers; what it refers to must live until `backward`. It must compute the same each
/// time; random numbers of the tape's generator repeat by themselves.
/// @param inputs every value made outside that `body` uses and that wants a gradient, at least one. Parameters need not
/// be listed. `backward` throws StateError if a gradient arrives at a value that is not listed.
template <class Body>
[[nodiscard]] auto checkpoint(Body body, std::span<const Var> inputs) {
  using Result = detail::CheckpointResult<std::invoke_result_t<const Body&, std::span<const Var>>>;
  static_assert(std::is_trivially_destructible_v<Body>, "checkpoint: capture references, Vars and numbers only");
  require<ValueError>(!inputs.empty(), "checkpoint: no inputs given");
  Tape& tape = inputs[0].tape();
  const auto kept = tape.list<Var>(static_cast<Index>(inputs.size()));
  std::copy(inputs.begin(), inputs.end(), kept.begin());
  const auto run = [](const void* self, std::span<const Var> in, std::span<Var> out) {
    Result::put((*static_cast<const Body*>(self))(in), out);
  };
  const detail::Subgraph part{run, ::new (tape.list<Body>(1).data()) Body(std::move(body)), kept};
  const auto outputs = tape.list<Var>(Result::count);
  detail::run_checkpointed(tape, part, outputs);
  return Result::take(outputs);
}
template <class Body>
[[nodiscard]] auto checkpoint(Body body, std::initializer_list<Var> inputs) {
  return checkpoint(std::move(body), std::span<const Var>(inputs.begin(), inputs.size()));
}

}  // namespace recur
