#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/framework/autodiff/tape.h>
#include <recur/layers/cells/step_observer.h>
#include <recur/layers/config/fields.h>
#include <recur/layers/constraints.h>
#include <recur/layers/initializers.h>
#include <recur/layers/regularizers.h>

#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace recur {

/// Sizes of a cell's states: one number for each state, `{units, units}` for an LSTM. Nested for cells made of cells.
class StateSize {
 public:
  StateSize(Index size) : size_(size) {}  // NOLINT(google-explicit-constructor): one size is a state size.
  StateSize(std::initializer_list<StateSize> parts) : parts_(parts), nested_(true) {}
  explicit StateSize(std::vector<StateSize> parts) : parts_(std::move(parts)), nested_(true) {}

  [[nodiscard]] bool nested() const { return nested_; }
  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] const std::vector<StateSize>& parts() const { return parts_; }
  /// Returns all sizes in order, without the nesting.
  [[nodiscard]] std::vector<Index> flat() const;
  friend bool operator==(const StateSize&, const StateSize&) = default;

 private:
  std::vector<StateSize> parts_;
  Index size_ = 0;
  bool nested_ = false;
};

/// Returns the sizes as text: `((128, 128), 64)`.
[[nodiscard]] std::string to_string(const StateSize& size);

/// The output of one step and the states after the step.
template <class State>
struct Step {
  Var output;
  State state;
};
/// Deduces the State of a step: `return {h, {h, c}};`.
template <class State>
Step(Var, State) -> Step<State>;

/// State of a cell that hands its output on: `[batch, units]`.
struct HiddenState {
  Var h;
};
/// State of an LSTM: output h and cell state c, `[batch, units]` each.
struct LSTMState {
  Var h;
  Var c;
};

/// What a cell may use besides its input and states. Declare it as the third parameter of `call`.
struct CellContext {
  /// Dropout masks of this cell, drawn once a sequence by its `draw_masks`; empty outside training.
  std::span<const Var> masks;
  /// Values given to every step of a sequence (Keras's `constants`), for cells with `takes_constants`.
  std::span<const Var> constants;
  /// Values that this cell's `prepare` computed from the constants, once a sequence. Empty if `call` is not called by
  /// an RNN.
  std::span<const Var> prepared;
  /// Observer of the cell's gates (`observe_gates`); may be null.
  StepObserver* observer = nullptr;
  /// Memory for the output, so that it need not be copied: `fuse(into(context.output), …)`. May be undefined. A wrapper
  /// cell that changes the output of the cell inside must not pass this on to it.
  Var output{};
};

/// Creates and initializes the parameters of a layer: `build(kernel, {build.input_size, units}, glorot_uniform())`.
class Builder {
 public:
  Builder(Index size, DType dtype, const Generator& generator)
      : input_size(size), dtype_(dtype), generator_(generator) {}

  /// Size of the last axis of the layer's input.
  Index input_size;

  void operator()(Parameter& parameter, Shape shape, const Initializer& initializer,
                  const Regularizer& regularizer = {}, const Constraint& constraint = {});
  /// Returns a builder for a part of the layer, with input size `size` and random numbers of its own.
  [[nodiscard]] Builder part(Index size);
  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] Generator& generator() { return generator_; }

 private:
  DType dtype_;
  Generator generator_;
  std::uint64_t parts_ = 0;
};

/// Settings that a config may have for a cell or layer of any class.
struct CommonConfig {
  /// If empty, the name is made from the class.
  std::string name;
  /// If false, optimizers do not change the parameters.
  bool trainable = true;
  /// Number type that the part must be built with, if the config has one.
  std::optional<DType> dtype;

  /// Builds `part` with these settings. Throws ValueError if `dtype` is not the builder's.
  template <class Part>
  void build(Part& part, Builder& builder) const {
    check(builder.dtype());
    part.build(builder);
    if (trainable) return;
    for (const NamedParameter& p : parameters(part)) p.parameter->trainable = false;
  }

 private:
  void check(DType built) const;
};

namespace detail {

/// True if C has parameters. A variable of such a class is not copied into a model silently, because the copy would
/// learn instead of the original.
template <class C>
concept HasParameters = requires(C& part, ParameterVisitor& visitor) {
  part.visit(visitor);
};

/// True if C has `build`.
template <class C>
concept IsBuilt = requires(C& part, Builder& builder) {
  part.build(builder);
};

/// True if C either has no `build` or names its parameters in `visit`, which may be empty.
template <class C>
concept ShowsParameters = HasParameters<C> || !IsBuilt<C>;

/// Copies `whole`, which is a C. Throws StateError if C has no copy constructor.
template <class C, class Interface>
[[nodiscard]] std::unique_ptr<Interface> copied(const Interface& whole) {
  if constexpr (std::is_copy_constructible_v<C>) return std::make_unique<C>(static_cast<const C&>(whole));
  else fail<StateError>("AnyCell, AnyLayer: '{}' cannot be copied (it has no copy constructor)", whole.class_name());
}

}  // namespace detail

namespace detail {

/// False, for a static_assert in a branch of a template that must not be used.
template <class...>
inline constexpr bool never = false;

template <class C>
concept HasCellState = requires {
  typename C::State;
};
template <class C>
concept HasStateSize = requires(const C& built) {
  { built.state_size() } -> std::convertible_to<StateSize>;
};
template <class C>
concept StepsPlainly = requires(C& cell, Var x, typename C::State state) {
  { cell.call(x, state) } -> std::same_as<Step<typename C::State>>;
};
template <class C>
concept StepsWithContext = requires(C& cell, Var x, typename C::State state, const CellContext& context) {
  { cell.call(x, state, context) } -> std::same_as<Step<typename C::State>>;
};

}  // namespace detail

/// A recurrent cell: `(input, state) → (output, state)`. A class is a cell if it has
/// - `State`, an aggregate of at most four `Var`s;
/// - `StateSize state_size() const`, one number for each of them;
/// - `Step<State> call(Var x, State s)`, or with a third parameter `const CellContext&`; x is `[batch, features]`;
/// and, where it needs them,
/// - `void build(Builder&)` and `void visit(ParameterVisitor&)` for its parameters;
/// - `Index output_size() const`, if that is not the first state size;
/// - `State get_initial_state(Tape&, Index batch)`, if that is not zeros;
/// - `Index mask_count() const` and `void draw_masks(Tape&, Index batch, std::span<Var> masks)` for dropout;
/// - `static constexpr bool takes_constants = true`;
/// - `static constexpr bool divides_batch = false`, if rows of the batch depend on each other (a batch norm) or `call`
///   changes members. Otherwise `call` runs on several threads at once, each with rows of its own on a tape of its own.
///   A Var that the cell holds belongs to one tape only; pass it as a constant instead;
/// - `Index prepared_count() const` and `void prepare(std::span<const Var> constants, std::span<Var> prepared)`, for
///   values that depend on the constants alone, with one row for each sequence. They are computed once a sequence and
///   given to every step.
template <class C>
concept RNNCell = detail::HasCellState<C> && detail::HasStateSize<C> &&
    (detail::StepsPlainly<C> || detail::StepsWithContext<C>);

namespace detail {

template <class State>
inline constexpr std::size_t state_count = sizeof(State) / sizeof(Var);

/// True if a State is an aggregate of one to four Vars.
template <class State>
inline constexpr bool made_of_vars = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::is_aggregate_v<State> && sizeof...(I) >= 1 && sizeof...(I) <= 4 && requires {
    State{(static_cast<void>(I), std::declval<Var>())...};
  };
}
(std::make_index_sequence<state_count<State>>());

/// Returns pointers to the Vars of a state, which is an aggregate of one to four Vars.
template <class State>
[[nodiscard]] auto state_vars(State& state) {
  static_assert(sizeof(State) % sizeof(Var) == 0 && std::is_aggregate_v<State> && std::is_trivially_copyable_v<State>,
                "cell: State must be an aggregate of Vars");
  if constexpr (state_count<State> == 1) {
    auto& [a] = state;
    return std::array{&a};
  } else if constexpr (state_count<State> == 2) {
    auto& [a, b] = state;
    return std::array{&a, &b};
  } else if constexpr (state_count<State> == 3) {
    auto& [a, b, c] = state;
    return std::array{&a, &b, &c};
  } else {
    static_assert(state_count<State> == 4, "cell: State may hold one to four Vars");
    auto& [a, b, c, d] = state;
    return std::array{&a, &b, &c, &d};
  }
}

}  // namespace detail
}  // namespace recur
