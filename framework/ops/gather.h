#pragma once

#include <recur/framework/autodiff/tape.h>

#include <cstdint>

namespace recur {

/// Returns rows of a table by number: ids of shape `ids_shape` and a table `[entries, features]` give `[ids...,
/// features]`. The adjoint touches the used rows only; an id that occurs twice receives both gradients. Throws
/// ShapeError if the table is not a matrix or the number of ids does not fill `ids_shape`, ValueError if an id is
/// outside [0, entries).
[[nodiscard]] Var gather(Var table, std::span<const std::int32_t> ids, const Shape& ids_shape);
/// Returns rows of a parameter by number: an embedding.
[[nodiscard]] inline Var gather(Tape& tape, Parameter& table, std::span<const std::int32_t> ids,
                                const Shape& ids_shape) {
  return gather(tape.leaf(table), ids, ids_shape);
}

}  // namespace recur
