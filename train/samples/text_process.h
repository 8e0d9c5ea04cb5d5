#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/dyck.h>

#include <functional>
#include <string>

namespace recur::samples {

/// What gives texts of any length, and how well they can be predicted.
struct TextProcess {
  std::string alphabet;  ///< Every character that may occur, at least once.
  /// So many characters. Throws ValueError for a negative number.
  std::function<std::string(Index characters, Generator& generator)> draw;
  double entropy;  ///< Nats a character that no model can beat.
};

/// `english_grammar`, cut in the middle of a sentence.
[[nodiscard]] TextProcess grammar_process();
/// `markov_text`
[[nodiscard]] TextProcess markov_process();
/// `even_process`
[[nodiscard]] TextProcess even_text_process();
/// `dyck_text` @throws ValueError as it does
[[nodiscard]] TextProcess dyck_process(const DyckOptions& options = {});

}  // namespace recur::samples
