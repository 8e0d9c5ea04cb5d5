#pragma once

#include <recur/layers/config/config.h>

namespace recur {

/// The program `recur`, with classes of one's own that configs may name:
///
///     int main(int argc, char** argv) {
///       recur::Registry registry;
///       registry.add_cell<MyCell>("MyCell");
///       return recur::recur_main(argc, argv, registry);
///     }
///
/// In the library recur::recur_commands. @returns the exit status, as docs/command-line.md says
[[nodiscard]] int recur_main(int argc, char** argv, const Registry& registry);
/// The program `recur` as it is, with the classes of the library.
[[nodiscard]] int recur_main(int argc, char** argv);

}  // namespace recur
