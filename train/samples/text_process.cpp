#include <recur/train/samples/text_process.h>

#include <recur/framework/tensor/error.h>
#include <recur/train/samples/even_process.h>
#include <recur/train/samples/grammar_text.h>
#include <recur/train/samples/markov_text.h>

namespace recur::samples {

TextProcess grammar_process() {
  Grammar grammar = english_grammar();
  std::string alphabet = " ";
  for (const std::string& word : grammar.rules().words) alphabet += word;
  const double entropy = grammar.entropy_per_character();
  return {std::move(alphabet),
          [grammar = std::move(grammar)](Index characters, Generator& generator) {
            require<ValueError>(characters >= 0, "grammar_process: negative length {}", characters);
            std::string text = grammar.text(characters, generator);
            text.resize(static_cast<std::size_t>(characters));
            return text;
          },
          entropy};
}

TextProcess markov_process() { return {"abcdefgh", markov_text, markov_entropy().rate}; }

TextProcess even_text_process() { return {"01", even_process, even_process_entropy}; }

TextProcess dyck_process(const DyckOptions& options) {
  const double entropy = dyck_entropy(options).rate;  // looks at the options first
  return {std::string("()[]{}<>").substr(0, static_cast<std::size_t>(2 * options.types)),
          [options](Index characters, Generator& generator) { return dyck_text(characters, options, generator); },
          entropy};
}

TextProcess text_process(std::string_view name) {
  if (name == "grammar") return grammar_process();
  if (name == "markov") return markov_process();
  if (name == "even") return even_text_process();
  require<ValueError>(name == "dyck", "text_process: no text '{}'; there are grammar, markov, even, dyck", name);
  return dyck_process();
}

}  // namespace recur::samples
