#pragma once

#include <recur/train/samples/grammar.h>

namespace recur::samples {

/// Small English: sentences whose verbs agree in number with a subject that a place or a relative clause may set apart
/// from them, whose time words at the end agree with the tense, whose possessives and pronouns agree with the subject's
/// gender, and whose parentheses close. Over lower-case letters, space and `.,()`.
///
///     the old owls that the judge likes sleep near the mill today.
///     the queen (still sad) found her odd ring, and she was happy last night.
///
/// Every sentence has one derivation, so that `entropy_per_character()` is the exact floor of any model's loss.
[[nodiscard]] Grammar english_grammar();

}  // namespace recur::samples
