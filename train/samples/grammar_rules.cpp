#include <recur/framework/tensor/error.h>
#include <recur/train/samples/grammar_rules.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <span>
#include <sstream>

namespace recur::samples {
namespace {

using Tokens = std::vector<std::string>;
using Binding = std::map<std::string, std::string>;  // feature -> value

struct Line {
  int number;
  Tokens tokens;
};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_word(std::string_view token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

std::vector<Line> split_lines(std::string_view notation) {
  std::vector<Line> lines;
  std::istringstream in{std::string(notation)};
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    text.resize(std::min(text.find('#'), text.size()));
    const bool continues = !lines.empty() && !text.empty() && text[0] == ' ';
    std::istringstream words(text);
    Tokens tokens;
    for (std::string token; words >> token;) tokens.push_back(token);
    if (tokens.empty()) continue;
    if (continues) lines.back().tokens.insert(lines.back().tokens.end(), tokens.begin(), tokens.end());
    else lines.push_back({number, tokens});
  }
  return lines;
}

// "Verb.now.N" -> Verb, now, N
Tokens parts(const std::string& name) {
  Tokens result;
  std::istringstream in(name);
  for (std::string part; std::getline(in, part, '.');) result.push_back(part);
  return result;
}

// A number in front of an alternative is its weight.
double take_weight(std::span<const std::string>& tokens) {
  if (tokens.empty()) return 1;
  const std::string& first = tokens[0];
  double weight = 0;
  const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), weight);
  if (error != std::errc() || end != first.data() + first.size()) return 1;
  tokens = tokens.subspan(1);
  return weight;
}

class Reader {
 public:
  GrammarRules read(std::string_view notation) {
    for (const Line& line : split_lines(notation)) {
      line_ = line.number;
      const Tokens& tokens = line.tokens;
      if (tokens.size() >= 3 && tokens[1] == "=") features_[tokens[0]] = Tokens(tokens.begin() + 2, tokens.end());
      else read_rule(tokens);
    }
    check(!result_.rules.empty(), "there are no rules");
    for (const GrammarRule& rule : result_.rules) check(!rule.alternatives.empty(), "nothing defines '{}'", rule.name);
    return std::move(result_);
  }

 private:
  template <class... Args>
  void check(bool condition, fmt::format_string<Args...> message, Args&&... args) const {
    if (!condition)
      fail<ValueError>("Grammar: up to line {}: {}", line_, fmt::vformat(message, fmt::make_format_args(args...)));
  }

  void read_rule(const Tokens& tokens) {
    std::string name = tokens[0];
    check(is_upper(name[0]) && name.back() == ':', "'{}' begins neither a rule 'Name: …' nor a feature 'N = …'", name);
    name.pop_back();
    for (const Binding& binding : bindings({name}, {})) {
      const std::size_t rule = rule_index(substitute(name, binding));
      check(result_.rules[rule].alternatives.empty(), "'{}' is defined twice", result_.rules[rule].name);
      std::vector<GrammarAlternative> alternatives;
      for (auto begin = tokens.begin() + 1;;) {
        const auto end = std::find(begin, tokens.end(), "|");
        add_alternative(alternatives, {begin, end}, binding);
        if (end == tokens.end()) break;
        begin = end + 1;
      }
      double total = 0;
      for (const GrammarAlternative& alternative : alternatives) total += alternative.probability;
      for (GrammarAlternative& alternative : alternatives) alternative.probability /= total;
      result_.rules[rule].alternatives = std::move(alternatives);
    }
  }

  void add_alternative(std::vector<GrammarAlternative>& to, std::span<const std::string> tokens, const Binding& bound) {
    const double weight = take_weight(tokens);
    check(weight > 0, "a weight is not positive");
    check(!tokens.empty(), "an alternative is empty");
    // The space `(` takes from the word behind it makes lengths add up only if there is one.
    for (std::size_t i = 0; i < tokens.size(); ++i)
      check(tokens[i] != "(" || (i + 1 < tokens.size() && is_word(tokens[i + 1])), "'(' without a word behind it");
    const std::vector<Binding> all = bindings(Tokens(tokens.begin(), tokens.end()), bound);
    for (const Binding& binding : all) {
      GrammarAlternative alternative{weight / static_cast<double>(all.size()), {}};
      for (const std::string& token : tokens) alternative.symbols.push_back(symbol(substitute(token, binding)));
      to.push_back(std::move(alternative));
    }
  }

  // `bound`, extended in all ways by values for the other features in `tokens`.
  [[nodiscard]] std::vector<Binding> bindings(const Tokens& tokens, const Binding& bound) const {
    std::vector<Binding> result{bound};
    for (const std::string& token : tokens) {
      if (!is_upper(token[0])) continue;
      for (const std::string& part : parts(token)) {
        const auto feature = features_.find(part);
        if (feature == features_.end() || result[0].contains(part)) continue;
        std::vector<Binding> longer;
        for (const Binding& binding : result)
          for (const std::string& value : feature->second) {
            longer.push_back(binding);
            longer.back()[part] = value;
          }
        result = std::move(longer);
      }
    }
    return result;
  }

  [[nodiscard]] static std::string substitute(const std::string& token, const Binding& binding) {
    if (!is_upper(token[0])) return token;
    std::string result;
    for (const std::string& part : parts(token)) {
      const auto found = binding.find(part);
      result += (result.empty() ? "" : ".") + (found == binding.end() ? part : found->second);
    }
    return result;
  }

  GrammarSymbol symbol(const std::string& token) {
    if (is_upper(token[0])) return {false, rule_index(token)};
    check(is_word(token) || is_punctuation(token), "'{}' is no name, word or punctuation", token);
    const auto [at, added] = words_.try_emplace(token, result_.words.size());
    if (added) result_.words.push_back(token);
    return {true, at->second};
  }

  std::size_t rule_index(const std::string& name) {
    const auto [at, added] = rules_.try_emplace(name, result_.rules.size());
    if (added) result_.rules.push_back({name, {}});
    return at->second;
  }

  GrammarRules result_;
  int line_ = 0;
  std::map<std::string, Tokens> features_;
  std::map<std::string, std::size_t> rules_;
  std::map<std::string, std::size_t> words_;
};

}  // namespace

GrammarRules read_grammar_rules(std::string_view notation) { return Reader().read(notation); }

bool is_punctuation(std::string_view word) {
  return word.size() == 1 && std::string_view(".,;:?!()").find(word[0]) != std::string_view::npos;
}

}  // namespace recur::samples
