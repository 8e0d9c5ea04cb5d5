#include <recur/layers/cells/gates.h>

#include <recur/framework/autodiff/nested_tape.h>
#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/concat.h>
#include <recur/framework/ops/dropout.h>
#include <recur/framework/ops/split.h>

namespace recur {
namespace {

// x·kernel under dropout: one mask for all gates, or one a gate, each of which then has a product of its own.
Var masked_product(Var x, Parameter& kernel, std::span<const Var> masks, Index gates) {
  if (masks.size() == 1) return matmul(Var(x * masks[0]), kernel);
  Tape& tape = x.tape();
  const Var whole = tape.leaf(kernel);
  const Index units = whole.cols() / gates;
  const auto parts = tape.list<Var>(gates);
  for (std::size_t g = 0; g < parts.size(); ++g)
    parts[g] = matmul(Var(x * masks[g]), slice(whole, -1, static_cast<Index>(g) * units, units));
  return concat(parts, -1);
}

}  // namespace

void GateOptions::fields(Fields& f) {
  f("use_bias", use_bias);
  f("kernel_initializer", kernel_initializer);
  f("recurrent_initializer", recurrent_initializer);
  f("bias_initializer", bias_initializer);
  f("kernel_regularizer", kernel_regularizer);
  f("recurrent_regularizer", recurrent_regularizer);
  f("bias_regularizer", bias_regularizer);
  f("kernel_constraint", kernel_constraint);
  f("recurrent_constraint", recurrent_constraint);
  f("bias_constraint", bias_constraint);
  f("dropout", dropout);
  f("recurrent_dropout", recurrent_dropout);
  f("implementation", implementation);
  if (f.reading() && implementation == 0) implementation = 1;  // Keras reads its old configs so
  f("separate_bias", separate_bias);
  f.only_null("seed");  // masks are drawn by the tape's generator
}

Gates::Gates(const char* cell, Index units, Index count, GateOptions options)
    : units_(units), count_(count), options_(std::move(options)) {
  require<ValueError>(units > 0, "{}: units must be positive, got {}", cell, units);
  for (const double rate : {options_.dropout, options_.recurrent_dropout})
    require<ValueError>(rate >= 0 && rate < 1, "{}: a dropout rate must be in [0, 1), got {}", cell, rate);
  require<ValueError>(options_.implementation == 1 || options_.implementation == 2,
                      "{}: implementation must be 1 or 2, got {}", cell, options_.implementation);
}

void Gates::build(Builder& build, Index recurrent_size) {
  input_size_ = build.input_size;
  recurrent_size_ = recurrent_size;
  const Index width = count_ * units_;
  const GateOptions& o = options_;
  build(kernel, {input_size_, width}, o.kernel_initializer, o.kernel_regularizer, o.kernel_constraint);
  build(recurrent_kernel, {recurrent_size, width}, o.recurrent_initializer, o.recurrent_regularizer,
        o.recurrent_constraint);
  if (o.use_bias)
    build(bias, o.separate_bias ? Shape{2, width} : Shape{width}, o.bias_initializer, o.bias_regularizer,
          o.bias_constraint);
}

Var Gates::bias_row(Tape& tape, Index row) {
  const Var all = tape.leaf(bias);
  return all.shape().rank() == 1 ? all : slice(all, 0, row, 1);
}

Var Gates::operator()(Var x, Var h, const CellContext& context) {
  if (context.masks.empty() && !(options_.use_bias && options_.separate_bias)) {
    const Linear z = matmul(x, kernel) + matmul(h, recurrent_kernel);
    return options_.use_bias ? z + bias : z;
  }
  return Var(Var(input_part(x, context)) + Var(recurrent_part(h, context)));
}

Var Gates::input_part(Var x, const CellContext& context) {
  const auto masks = input_masks(context);
  if (!masks.empty()) {
    const Var z = masked_product(x, kernel, masks, count_);
    return options_.use_bias ? Var(z + bias_row(x.tape(), 0)) : z;
  }
  const Linear z = matmul(x, kernel);
  return options_.use_bias ? z + bias_row(x.tape(), 0) : z;
}

Var Gates::recurrent_part(Var h, const CellContext& context) {
  const auto masks = recurrent_masks(context);
  const bool second_row = options_.use_bias && bias.shape().rank() == 2;
  if (!masks.empty()) {
    const Var z = masked_product(h, recurrent_kernel, masks, count_);
    return second_row ? Var(z + bias_row(h.tape(), 1)) : z;
  }
  const Linear z = matmul(h, recurrent_kernel);
  return second_row ? z + bias_row(h.tape(), 1) : z;
}

void detail::show_gates(Tape& tape, StepObserver& observer, const Activation& activation,
                        const std::function<std::span<const NamedGate>()>& list) {
  const NestedTape memory(tape, NestedTape::Mode::compute);
  for (const NamedGate& gate : list()) observer.gate(gate.name, activation(gate.before));
}

Index Gates::masks_for(double rate) const {
  if (rate <= 0) return 0;
  return options_.implementation == 1 ? count_ : 1;
}

Index Gates::mask_count() const { return masks_for(options_.dropout) + masks_for(options_.recurrent_dropout); }

void Gates::draw_masks(Tape& tape, Index batch, std::span<Var> masks) {
  const auto inputs = static_cast<std::size_t>(masks_for(options_.dropout));
  for (std::size_t i = 0; i < masks.size(); ++i)
    masks[i] = i < inputs ? dropout_mask(tape, {batch, input_size_}, options_.dropout, tape.generator())
                          : dropout_mask(tape, {batch, recurrent_size_}, options_.recurrent_dropout, tape.generator());
}

std::span<const Var> Gates::input_masks(const CellContext& context) const {
  if (context.masks.empty()) return {};
  return context.masks.first(static_cast<std::size_t>(masks_for(options_.dropout)));
}

std::span<const Var> Gates::recurrent_masks(const CellContext& context) const {
  if (context.masks.empty()) return {};
  return context.masks.subspan(static_cast<std::size_t>(masks_for(options_.dropout)));
}

}  // namespace recur
