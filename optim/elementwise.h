#pragma once

#include <recur/framework/simd/simd.h>
#include <recur/optim/link.h>

#include <span>
#include <type_traits>
#include <utility>

namespace recur::optim {

/// `gradient = f(scale * gradient, operands...)` for every element, and `scale` back to 1. `f` computes with registers
/// (`simd::Vec<T>`) and may take operands that are not const by reference, to change them:
/// `transform(block, [](auto g, auto& v) { v = 0.9F * v + g; return v; }, block.slot(0))`.
template <Scalar T, class Function, class... Operand>
void transform(ParameterBlock<T>& block, Function f, std::span<Operand>... operands) {
  using V = simd::Vec<T>;
  const V scale = simd::splat<V>(static_cast<T>(std::exchange(block.scale, 1.0)));
  T* const g = block.gradient.data();
  const auto at = [&](std::ptrdiff_t i, auto load, auto store) {
    const auto evaluate = [&](auto... registers) {
      store(g + i, f(scale * load(g + i), registers...));
      [[maybe_unused]] const auto write = [&]<class O>(std::span<O> operand, V x) {
        if constexpr (!std::is_const_v<O>) store(operand.data() + i, x);
      };
      (write(operands, registers), ...);
    };
    evaluate(load(operands.data() + i)...);
  };
  const auto count = static_cast<std::ptrdiff_t>(block.gradient.size());
  std::ptrdiff_t i = 0;
  for (; i + simd::lanes<T> <= count; i += simd::lanes<T>)
    at(
        i, [](const T* p) { return simd::load(p); }, [](T* p, V x) { simd::store(p, x); });
  const std::ptrdiff_t rest = count - i;
  if (rest > 0)
    at(
        i, [=](const T* p) { return simd::load_partial(p, rest); },
        [=](T* p, V x) { simd::store_partial(p, x, rest); });
}

}  // namespace recur::optim
