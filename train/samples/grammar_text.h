#pragma once

#include <recur/train/samples/grammar.h>

namespace recur::samples {

/// Small English: sentences whose verbs agree in number with a subject several words back, whose time words agree with the
/// tense, whose pronouns agree with the gender, and whose parentheses close. Over lower-case letters, space and `.,()`.
///
///     tomorrow, the old dogs that the girl likes will sleep near the mill.
///     the queen (still tired) found her silver ring in the garden last night, and she was happy.
///
/// Every sentence has one derivation, so that `entropy_per_character()` is the exact floor of any model's loss.
[[nodiscard]] Grammar english_grammar();

}  // namespace recur::samples
