#pragma once

#include <recur/framework/autodiff/tape.h>
#include <recur/layers/activation.h>
#include <recur/layers/cells/cell.h>

#include <array>
#include <functional>
#include <span>

namespace recur {

/// Options of all gated cells, with the defaults of Keras 3.
struct GateOptions {
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform();
  Initializer recurrent_initializer = orthogonal();
  Initializer bias_initializer = zeros();
  Regularizer kernel_regularizer{};
  Regularizer recurrent_regularizer{};
  Regularizer bias_regularizer{};
  Constraint kernel_constraint{};
  Constraint recurrent_constraint{};
  Constraint bias_constraint{};
  /// Fraction of the inputs, and of the previous outputs, that is set to zero in training. A mask is drawn once a
  /// sequence and used at every step.
  double dropout = 0;
  double recurrent_dropout = 0;
  /// 1: one dropout mask for each gate. 2: one for all gates. (The numbers are Keras's.)
  int implementation = 2;
  /// The bias has two rows, one for the input and one for the recurrent part, as PyTorch's bias_ih and bias_hh.
  bool separate_bias = false;

  void fields(Fields& f);
};

/// The weights of a cell with `count` gates, and their pre-activations z = x·kernel + h·recurrent_kernel + bias.
/// kernel `[input, count·units]`, recurrent_kernel `[units, count·units]`, bias `[count·units]`; gates are blocks of
/// columns.
class Gates {
 public:
  /// Throws ValueError if units < 1, a rate is outside [0, 1), or `implementation` is neither 1 nor 2. Messages begin
  /// with `cell`.
  Gates(const char* cell, Index units, Index count, GateOptions options);

  Parameter kernel{"kernel"};
  Parameter recurrent_kernel{"recurrent_kernel"};
  Parameter bias{"bias"};

  [[nodiscard]] Index units() const { return units_; }
  [[nodiscard]] const GateOptions& options() const { return options_; }

  /// Creates the parameters. @param recurrent_size size of the last axis of h: `units`, or less with a projection
  void build(Builder& build, Index recurrent_size);
  void visit(ParameterVisitor& visitor) { visitor(kernel, recurrent_kernel, bias); }

  /// Returns all pre-activations, `[batch, count·units]`. The bias is `[count·units]`, or `[2, count·units]` with
  /// `separate_bias`.
  [[nodiscard]] Var operator()(Var x, Var h, const CellContext& context);
  /// Return the two parts of the pre-activations: x·kernel plus the bias (with `separate_bias` its first row), and
  /// h·recurrent_kernel (with `separate_bias` plus its second row). Dropout is applied to x and h.
  [[nodiscard]] Var input_part(Var x, const CellContext& context);
  [[nodiscard]] Var recurrent_part(Var h, const CellContext& context);

  [[nodiscard]] Index mask_count() const;
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks);
  /// Returns the masks for x and for h: none, one, or one for each gate.
  [[nodiscard]] std::span<const Var> input_masks(const CellContext& context) const;
  [[nodiscard]] std::span<const Var> recurrent_masks(const CellContext& context) const;

 private:
  [[nodiscard]] Index masks_for(double rate) const;
  [[nodiscard]] Var bias_row(Tape& tape, Index row);

  Index units_;
  Index count_;
  Index input_size_ = 0;
  Index recurrent_size_ = 0;
  GateOptions options_;
};

/// A gate's name and pre-activation.
struct NamedGate {
  std::string_view name;
  Var before;
};

namespace detail {

/// Computes gates without recording and passes them to the observer.
void show_gates(Tape& tape, StepObserver& observer, const Activation& activation,
                const std::function<std::span<const NamedGate>()>& list);

}  // namespace detail

/// Passes gates to the observer at a step. `list()` returns a `std::array` of NamedGates; it is not called without an
/// observer. Nothing is recorded. Call it in a cell's `call`.
template <class List>
void observe_gates(Tape& tape, const CellContext& context, const Activation& activation, const List& list) {
  if (context.observer == nullptr || tape.will_recompute()) return;
  decltype(list()) gates;
  detail::show_gates(tape, *context.observer, activation, [&] {
    gates = list();
    return std::span<const NamedGate>(gates);
  });
}

}  // namespace recur
