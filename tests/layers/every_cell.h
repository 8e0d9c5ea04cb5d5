#pragma once

#include <recur/layers/cells/any_cell.h>

#include <string>
#include <vector>

namespace recur::test {

/// What the cells of the list are made for: features of the input, and the memory `[batch, memory_time, memory_size]`
/// that is given as a constant to those that look at one.
constexpr Index cell_features = 5;
constexpr Index memory_size = 2;
constexpr Index memory_time = 6;

/// The options with dropout of both kinds.
template <class Options>
Options dropping(Options options, int implementation) {
  options.dropout = 0.3;
  options.recurrent_dropout = 0.4;
  options.implementation = implementation;
  return options;
}

struct NamedCell {
  std::string name;
  AnyCell cell;
};

/// One row for every cell, and for options that change what is computed.
std::vector<NamedCell> all_cells();

}  // namespace recur::test
