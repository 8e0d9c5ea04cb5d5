#include <recur/layers/regularizers.h>

#include <recur/framework/expr/fuse.h>
#include <recur/framework/ops/reduce.h>

#include <algorithm>
#include <set>

namespace recur {

Var Regularizer::operator()(Var x) const {
  const double a = l1;
  const double b = l2;
  return sum(fuse([a, b](auto w) { return a * abs(w) + b * square(w); }, x));
}

void add_penalty(Var& total, Var term) {
  if (!term.defined()) return;
  total = total.defined() ? Var(total + term) : term;
}

Var penalty(Tape& tape, std::span<const NamedParameter> parameters) {
  Var total;
  std::set<const Parameter*> seen;
  for (const NamedParameter& named : parameters) {
    if (!seen.insert(named.parameter).second) continue;
    const Regularizer own{named.parameter->l1, named.parameter->l2};
    if (own) add_penalty(total, own(tape.leaf(*named.parameter)));
  }
  return total.defined() ? total : tape.constant(0.0);
}

Var with_penalties(Var loss, std::span<const NamedParameter> parameters, Var of_outputs) {
  const bool weights = std::any_of(parameters.begin(), parameters.end(), [](const NamedParameter& named) {
    return named.parameter->l1 != 0 || named.parameter->l2 != 0;
  });
  if (weights) add_penalty(loss, penalty(loss.tape(), parameters));
  add_penalty(loss, of_outputs);
  return loss;
}

}  // namespace recur
