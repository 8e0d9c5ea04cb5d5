#pragma once

#include <recur/layers/config/config.h>

namespace recur {

/// Runs the program `recur` with your own classes, which configs then may name:
///
///     int main(int argc, char** argv) {
///       recur::Registry registry;
///       registry.add_cell<MyCell>("MyCell");
///       return recur::recur_main(argc, argv, registry);
///     }
///
/// Link the library recur::recur_commands. Returns the exit status that docs/command-line.md lists.
[[nodiscard]] int recur_main(int argc, char** argv, const Registry& registry);
/// Runs the program `recur` with the classes of the library.
[[nodiscard]] int recur_main(int argc, char** argv);

}  // namespace recur
