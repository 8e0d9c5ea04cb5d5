#include <recur/train/samples/grammar.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace recur::samples {
namespace {

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    const bool attached = text.empty() || text.back() == '(' || (is_punctuation(word) && word != "(");
    if (!attached) text += ' ';
    text += word;
  }
  return text;
}

std::vector<std::string> split_words(std::string_view sentence) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : sentence) {
    const bool letter = c >= 'a' && c <= 'z';
    if (c != ' ') {
      if (!letter || !inside) words.emplace_back();
      words.back() += c;
    }
    inside = letter;
  }
  return words;
}

// Top-down parser with a memory: which stretches of the words each rule can generate. Words that are not in the grammar
// match nothing.
class Chart {
 public:
  using Reading = Grammar::Reading;
  using Ends = std::map<std::size_t, Reading>;  // where a stretch ends -> its readings

  Chart(const GrammarRules& rules, const std::vector<std::string>& words) : rules_(rules), words_(words) {}

  const Ends& read(std::size_t rule, std::size_t begin) {
    const auto [at, added] = known_.try_emplace(std::pair(rule, begin));
    if (!added) return at->second;
    Ends ends;
    for (const GrammarAlternative& alternative : rules_.rules[rule].alternatives)
      for (const auto& [end, reading] : read(alternative.symbols, begin)) {
        ends[end].derivations += reading.derivations;
        ends[end].probability += alternative.probability * reading.probability;
      }
    return known_[std::pair(rule, begin)] = std::move(ends);
  }

 private:
  Ends read(const std::vector<GrammarSymbol>& symbols, std::size_t begin) {
    Ends ends{{begin, {1, 1}}};
    for (const GrammarSymbol symbol : symbols) {
      Ends longer;
      for (const auto& [middle, first] : ends)
        for (const auto& [end, second] :
             symbol.is_word ? read_word(symbol.index, middle) : read(symbol.index, middle)) {
          longer[end].derivations += first.derivations * second.derivations;
          longer[end].probability += first.probability * second.probability;
        }
      ends = std::move(longer);
      if (ends.empty()) break;
    }
    return ends;
  }

  [[nodiscard]] Ends read_word(std::size_t word, std::size_t begin) const {
    if (begin >= words_.size() || words_[begin] != rules_.words[word]) return {};
    return {{begin + 1, {1, 1}}};
  }

  const GrammarRules& rules_;
  const std::vector<std::string>& words_;
  std::map<std::pair<std::size_t, std::size_t>, Ends> known_;
};

}  // namespace

Grammar::Grammar(std::string_view notation) : rules_(read_grammar_rules(notation)), measures_(rules_.rules.size()) {
  for (std::size_t rule = 0; rule < measures_.size(); ++rule) (void)measure(rule);
}

const Grammar::Measures& Grammar::measure(std::size_t rule) {
  Measures& result = measures_[rule];
  if (result.state == Measures::State::known) return result;
  require<ValueError>(result.state == Measures::State::unknown, "Grammar: '{}' contains itself",
                      rules_.rules[rule].name);
  result.state = Measures::State::open;
  for (const auto& [probability, symbols] : rules_.rules[rule].alternatives) {
    double nats = -std::log(probability);
    double characters = 0;
    for (const GrammarSymbol symbol : symbols) {
      if (symbol.is_word) {  // a space and the word; the space of "(" makes up for the one missing behind it
        const std::string& word = rules_.words[symbol.index];
        characters += is_punctuation(word) ? 1 : static_cast<double>(word.size() + 1);
      } else {
        const Measures& part = measure(symbol.index);
        nats += part.nats;
        characters += part.characters;
      }
    }
    result.nats += probability * nats;
    result.characters += probability * characters;
  }
  result.state = Measures::State::known;
  return result;
}

void Grammar::expand(std::size_t rule, Generator& generator, std::vector<std::string>& words) const {
  const auto& alternatives = rules_.rules[rule].alternatives;
  std::size_t chosen = 0;
  for (double u = generator.uniform(); chosen + 1 < alternatives.size(); ++chosen) {
    u -= alternatives[chosen].probability;
    if (u < 0) break;
  }
  for (const GrammarSymbol symbol : alternatives[chosen].symbols) {
    if (symbol.is_word) words.push_back(rules_.words[symbol.index]);
    else expand(symbol.index, generator, words);
  }
}

std::string Grammar::sentence(Generator& generator) const {
  std::vector<std::string> words;
  expand(start, generator, words);
  return join(words);
}

std::string Grammar::text(Index characters, Generator& generator) const {
  require<ValueError>(characters >= 0, "Grammar::text: negative length {}", characters);
  std::string text;
  while (static_cast<Index>(text.size()) < characters) text += (text.empty() ? "" : " ") + sentence(generator);
  return text;
}

Grammar::Reading Grammar::read(std::string_view sentence) const {
  const std::vector<std::string> words = split_words(sentence);
  if (words.empty() || join(words) != sentence) return {};
  Chart chart(rules_, words);
  const Chart::Ends& ends = chart.read(start, 0);
  const auto whole = ends.find(words.size());
  return whole == ends.end() ? Reading{} : whole->second;
}

double Grammar::nats_of(std::string_view text) const {
  double nats = 0;
  for (const std::string& sentence : split_sentences(text)) {
    const Reading reading = read(sentence);
    require<ValueError>(reading.derivations > 0, "Grammar::nats_of: '{}' is not a sentence of these rules", sentence);
    nats -= std::log(reading.probability);
  }
  return nats;
}

std::vector<std::string> split_sentences(std::string_view text) {
  std::vector<std::string> sentences;
  for (std::size_t end = text.find('.'); end != std::string_view::npos; end = text.find('.')) {
    const std::size_t begin = std::min(text.find_first_not_of(' '), end);
    sentences.emplace_back(text.substr(begin, end + 1 - begin));
    text.remove_prefix(end + 1);
  }
  return sentences;
}

}  // namespace recur::samples
