#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/samples/dyck.h>

#include <functional>
#include <string>
#include <string_view>

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
/// One of these by its name: `grammar`, `markov`, `even` or `dyck`. @throws ValueError for another.
[[nodiscard]] TextProcess text_process(std::string_view name);

}  // namespace recur::samples
