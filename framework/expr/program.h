#pragma once

#include <recur/framework/expr/expression.h>

#include <array>
#include <tuple>
#include <type_traits>
#include <utility>

// Compile time only: from the types of some expressions to a DAG. The type of a subexpression is its identity, so
// listing the distinct types in topological order finds common subexpressions.

namespace recur::detail {

/// A constant that is told apart by its position.
template <int I>
struct NumberedConstant : Constant {
  explicit constexpr NumberedConstant(double v) : Constant(v) {}
};

template <class E>
inline constexpr bool is_constant = std::is_base_of_v<Constant, E>;
template <class E>
inline constexpr bool is_map = false;
template <class Op, class... A>
inline constexpr bool is_map<Map<Op, A...>> = true;

/// Number of constants in an expression, counted with repetition.
template <class E>
inline constexpr long constants_in = is_constant<E> ? 1 : 0;
template <class Op, class... A>
inline constexpr long constants_in<Map<Op, A...>> = (constants_in<A> + ... + 0);

/// Number of constants in an expression that only their values tell apart.
template <class E>
inline constexpr long unnumbered_in = std::is_same_v<E, Constant> ? 1 : 0;
template <class Op, class... A>
inline constexpr long unnumbered_in<Map<Op, A...>> = (unnumbered_in<A> + ... + 0);

// ---- Lists of types -------------------------------------------------------------------------------------------------

template <class... E>
struct TypeList {
  static constexpr int size = sizeof...(E);
  template <int I>
  using At = std::tuple_element_t<static_cast<std::size_t>(I), std::tuple<E...>>;
  /// Returns the position of X, or -1.
  template <class X>
  static constexpr int find = [] {
    int position = -1;
    int i = 0;
    ((std::is_same_v<X, E> ? void(position = i) : void(), ++i), ...);
    return position;
  }();
};

template <class List, class E>
struct Append;
template <class... L, class E>
struct Append<TypeList<L...>, E> {
  using type = std::conditional_t<(std::is_same_v<E, L> || ...), TypeList<L...>, TypeList<L..., E>>;
};

/// Appends E and all its parts to `List`, operands before the nodes that use them.
template <class List, class E>
struct AddNodes {
  static_assert(is_constant<E>, "fuse: an expression may hold its operands, numbers and functions of them");
  using type = List;  // constants belong to the node that uses them
};
template <class List, int I>
struct AddNodes<List, Arg<I>> : Append<List, Arg<I>> {};
template <class List, class... E>
struct AddAllNodes {
  using type = List;
};
template <class List, class E, class... Rest>
struct AddAllNodes<List, E, Rest...> : AddAllNodes<typename AddNodes<List, E>::type, Rest...> {};
template <class List, class Op, class... A>
struct AddNodes<List, Map<Op, A...>> {
  using E = Map<Op, A...>;
  template <bool Known, class Dummy = void>
  struct Next {
    using type = List;
  };
  template <class Dummy>
  struct Next<false, Dummy> : Append<typename AddAllNodes<List, A...>::type, E> {};
  using type = typename Next<(List::template find<E> >= 0)>::type;
};

// ---- One node -------------------------------------------------------------------------------------------------------

template <class E>
struct NodeInfo {
  static constexpr int arity = 0;
  static constexpr bool keep = false;
  static constexpr SlopeOf slope_of = SlopeOf::nothing;
  static constexpr const char* name = "";
  static constexpr long unnumbered = 0;
};
template <class O, class... A>
struct NodeInfo<Map<O, A...>> {
  using Op = O;
  static constexpr int arity = sizeof...(A);
  static constexpr bool keep = O::keep;
  static constexpr SlopeOf slope_of = [] {
    if constexpr (requires { O::slope_of; }) return O::slope_of;
    else return SlopeOf::arguments;
  }();
  static constexpr const char* name = O::name;
  template <int K>
  using Child = std::tuple_element_t<static_cast<std::size_t>(K), std::tuple<A...>>;
  static constexpr std::array<bool, sizeof...(A)> constant = {is_constant<A>...};
  static constexpr long unnumbered = (std::is_same_v<A, Constant> + ... + 0);  ///< Among its own arguments.
};

inline constexpr int max_arity = 3;

/// Parent `node` uses the value as its argument number `child`.
struct Use {
  int node;
  int child;
};

template <class Nodes, class E>
[[nodiscard]] constexpr std::array<int, max_arity> children_of() {
  std::array<int, max_arity> result = {-1, -1, -1};
  if constexpr (is_map<E>) [&]<std::size_t... K>(std::index_sequence<K...>) {
      ((result[K] = Nodes::template find<typename NodeInfo<E>::template Child<static_cast<int>(K)>>), ...);
    }
  (std::make_index_sequence<static_cast<std::size_t>(NodeInfo<E>::arity)>{});
  return result;
}

template <class E>
[[nodiscard]] constexpr std::array<int, max_arity> constants_of(int& next) {
  std::array<int, max_arity> slots = {-1, -1, -1};
  if constexpr (is_map<E>)
    for (std::size_t k = 0; k < NodeInfo<E>::constant.size(); ++k)
      if (NodeInfo<E>::constant[k]) slots[k] = next++;
  return slots;
}

template <std::size_t N>
[[nodiscard]] constexpr int position(const std::array<int, N>& list, int value) {
  for (std::size_t i = 0; i < N; ++i)
    if (list[i] == value) return static_cast<int>(i);
  return -1;
}

template <std::size_t N>
using Arguments = std::array<std::array<int, max_arity>, N>;

template <std::size_t N>
[[nodiscard]] constexpr int count_in(const Arguments<N>& table, int value) {
  int n = 0;
  for (const auto& row : table)
    for (const int entry : row) n += entry == value;
  return n;
}

/// The DAG of some expressions over `Operands` operands.
template <int Operands, class... Outputs>
struct Program {
  using Nodes = typename AddAllNodes<TypeList<>, Outputs...>::type;
  static constexpr int operands = Operands;
  static constexpr int outputs = sizeof...(Outputs);
  static constexpr int size = Nodes::size;
  static constexpr auto usize = static_cast<std::size_t>(size);
  template <int I>
  using Node = typename Nodes::template At<I>;

  /// True for each operand that appears in the expressions.
  static constexpr auto used = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<bool, sizeof...(I)>{(Nodes::template find<Arg<static_cast<int>(I)>> >= 0)...};
  }
  (std::make_index_sequence<static_cast<std::size_t>(Operands)>{});

  /// The node of each operand, or -1.
  static constexpr auto argument_nodes = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<int, sizeof...(I)>{Nodes::template find<Arg<static_cast<int>(I)>>...};
  }
  (std::make_index_sequence<static_cast<std::size_t>(Operands)>{});

  /// The functions of all nodes, in the order of the list.
  static constexpr auto functions = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<const char*, usize>{NodeInfo<Node<static_cast<int>(I)>>::name...};
  }
  (std::make_index_sequence<usize>{});

  /// The node of each output.
  static constexpr std::array<int, sizeof...(Outputs)> output_nodes = {Nodes::template find<Outputs>...};
  static_assert(((Nodes::template find<Outputs> >= 0) && ...), "fuse: an output must depend on an operand");

  /// children[i][k]: the node that argument k of node i is, or -1 (a constant, or no such argument).
  static constexpr Arguments<usize> children = []<std::size_t... I>(std::index_sequence<I...>) {
    return Arguments<usize>{children_of<Nodes, Node<static_cast<int>(I)>>()...};
  }
  (std::make_index_sequence<usize>{});

  /// constant_slots[i][k]: the position of a constant argument in the table of constants, or -1.
  static constexpr Arguments<usize> constant_slots = []<std::size_t... I>(std::index_sequence<I...>) {
    int next = 0;
    return Arguments<usize>{constants_of<Node<static_cast<int>(I)>>(next)...};
  }
  (std::make_index_sequence<usize>{});
  static constexpr std::size_t constants = usize * max_arity - static_cast<std::size_t>(count_in(constant_slots, -1));

  /// Number of results stored for the adjoint: those worth keeping that are not outputs, which are stored in any case.
  static constexpr std::array<int, usize> kept_slots = []<std::size_t... I>(std::index_sequence<I...>) {
    int next = 0;
    return std::array<int, usize>{(
        NodeInfo<Node<static_cast<int>(I)>>::keep && position(output_nodes, static_cast<int>(I)) < 0 ? next++ : -1)...};
  }
  (std::make_index_sequence<usize>{});
  static constexpr int kept = [] {
    int n = 0;
    for (const int slot : kept_slots) n += slot >= 0;
    return n;
  }();

  template <int I>
  static constexpr auto uses = [] {
    std::array<Use, static_cast<std::size_t>(count_in(children, I))> found{};
    std::size_t n = 0;
    for (std::size_t p = 0; p < usize; ++p)
      for (std::size_t k = 0; k < max_arity; ++k)
        if (children[p][k] == I) found[n++] = {static_cast<int>(p), static_cast<int>(k)};
    return found;
  }();

  /// True for each node whose value the backward loop uses, for its own slope or for the slopes of nodes made of it.
  static constexpr auto needed = []<std::size_t... I>(std::index_sequence<I...>) {
    constexpr std::array<SlopeOf, usize> slope_of = {NodeInfo<Node<static_cast<int>(I)>>::slope_of...};
    constexpr std::array<bool, usize> keep = {NodeInfo<Node<static_cast<int>(I)>>::keep...};
    std::array<bool, usize> result{};
    for (std::size_t i = usize; i-- > 0;) {
      result[i] = result[i] || slope_of[i] != SlopeOf::nothing;
      const bool computed_again = result[i] && !keep[i];
      if (slope_of[i] != SlopeOf::arguments && !computed_again) continue;
      for (const int child : children[i])
        if (child >= 0) result[static_cast<std::size_t>(child)] = true;
    }
    return result;
  }
  (std::make_index_sequence<usize>{});

  /// True if two places of the expressions hold unnumbered constants and differ only in the values of these. Equal
  /// types may then mean different values.
  static constexpr bool ambiguous = []<std::size_t... I>(std::index_sequence<I...>) {
    return (unnumbered_in<Outputs> + ... + 0) > (NodeInfo<Node<static_cast<int>(I)>>::unnumbered + ... + 0);
  }
  (std::make_index_sequence<usize>{});
};

// ---- Constants at run time ------------------------------------------------------------------------------------------

/// Fills the table of constants from the expression. Returns false if one slot would need two values.
template <class P, class E>
constexpr bool collect_constants(const E& e, std::array<double, P::constants>& table,
                                 std::array<bool, P::constants>& known) {
  bool consistent = true;
  if constexpr (is_map<E> && 0 < constants_in<E>) {
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      const auto one = [&]<std::size_t k>(std::integral_constant<std::size_t, k>) {
        if constexpr (NodeInfo<E>::constant[k]) {
          constexpr auto slot =
              static_cast<std::size_t>(P::constant_slots[static_cast<std::size_t>(P::Nodes::template find<E>)][k]);
          const double value = std::get<k>(e.args).value;
          consistent = consistent && (!known[slot] || table[slot] == value);
          known[slot] = true;
          table[slot] = value;
        } else {
          consistent = collect_constants<P>(std::get<k>(e.args), table, known) && consistent;
        }
      };
      (one(std::integral_constant<std::size_t, K>{}), ...);
    }
    (std::make_index_sequence<static_cast<std::size_t>(NodeInfo<E>::arity)>{});
  }
  return consistent;
}

/// Returns the expression with its constants numbered from `First` in reading order, so that no two have one type.
template <int First, class E>
[[nodiscard]] constexpr auto number(const E& e) {
  if constexpr (is_constant<E>) return NumberedConstant<First>(e.value);
  else return e;
}
template <int First, class Op, class... A>
[[nodiscard]] constexpr auto number(const Map<Op, A...>& e) {
  constexpr auto starts = [] {
    std::array<int, sizeof...(A)> at{};
    int next = First;
    std::size_t k = 0;
    ((at[k++] = next, next += static_cast<int>(constants_in<A>)), ...);
    return at;
  }();
  return [&]<std::size_t... K>(std::index_sequence<K...>) {
    return make_map<Op>(number<starts[K]>(std::get<K>(e.args))...);
  }
  (std::index_sequence_for<A...>{});
}

template <class... E>
[[nodiscard]] constexpr auto number_all(const std::tuple<E...>& expressions) {
  constexpr auto starts = [] {
    std::array<int, sizeof...(E)> at{};
    int next = 0;
    std::size_t k = 0;
    ((at[k++] = next, next += static_cast<int>(constants_in<E>)), ...);
    return at;
  }();
  return [&]<std::size_t... K>(std::index_sequence<K...>) {
    return std::tuple{number<starts[K]>(std::get<K>(expressions))...};
  }
  (std::index_sequence_for<E...>{});
}

template <int I>
[[nodiscard]] constexpr std::size_t operand_of(Arg<I>) {
  return static_cast<std::size_t>(I);
}

}  // namespace recur::detail
