#pragma once

#include <recur/framework/autodiff/tape.h>

#include <cstdint>

namespace recur {

/// Rows of a table by number: ids of shape `ids_shape` in a table `[entries, features]` give `[ids..., features]`. The adjoint
/// touches only the rows used; an id that occurs twice gets both gradients.
/// @throws ShapeError when the table is not a matrix or the number of ids is not that of `ids_shape`; ValueError for an id outside
/// [0, entries).
[[nodiscard]] Var gather(Var table, std::span<const std::int32_t> ids, const Shape& ids_shape);
/// The same for a parameter: an embedding.
[[nodiscard]] inline Var gather(Tape& tape, Parameter& table, std::span<const std::int32_t> ids,
                                const Shape& ids_shape) {
  return gather(tape.leaf(table), ids, ids_shape);
}

}  // namespace recur
