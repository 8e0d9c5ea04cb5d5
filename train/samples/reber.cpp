#include <recur/train/samples/reber.h>

#include <algorithm>
#include <numbers>

namespace recur::samples {

ReberGrammar::ReberGrammar(bool embedded) : embedded_(embedded) {
  constexpr std::size_t plain_states = 7;  // besides the one after it
  if (!embedded) {
    states_.resize(plain_states + 1);
    add_plain(0, plain_states);
    return;
  }
  // B, then one copy of the plain automaton for each of T and P, which remembers which it was.
  const std::size_t last = 2 + 2 * (plain_states + 1) + 1;
  states_.resize(last + 1);
  states_[0] = {{'B', 1}};
  std::size_t first = 2;
  for (const char remembered : {'T', 'P'}) {
    states_[1].push_back({remembered, first});
    add_plain(first, first + plain_states);
    states_[first + plain_states] = {{remembered, last - 1}};
    first += plain_states + 1;
  }
  states_[last - 1] = {{'E', last}};
}

void ReberGrammar::add_plain(std::size_t first, std::size_t after) {
  const auto branch = [&](std::size_t state, char symbol, std::size_t next) {
    states_[first + state].push_back({symbol, next == 7 ? after : first + next});
  };
  branch(0, 'B', 1);
  branch(1, 'T', 2), branch(1, 'P', 3);
  branch(2, 'S', 2), branch(2, 'X', 4);
  branch(3, 'T', 3), branch(3, 'V', 5);
  branch(4, 'X', 3), branch(4, 'S', 6);
  branch(5, 'P', 4), branch(5, 'V', 6);
  branch(6, 'E', 7);
}

std::string ReberGrammar::string(Generator& generator) const {
  std::string result;
  for (std::size_t state = 0; !states_[state].empty();) {
    const auto& branches = states_[state];
    const Branch& taken =
        branches.size() == 1 ? branches[0]
                             : branches[static_cast<std::size_t>(generator.below(static_cast<Index>(branches.size())))];
    result += taken.symbol;
    state = taken.next;
  }
  return result;
}

std::vector<std::string> ReberGrammar::continuations(std::string_view string) const {
  std::vector<std::string> result;
  std::size_t state = 0;
  for (std::size_t i = 0; i < string.size(); ++i) {
    const auto& branches = states_[state];
    const auto taken =
        std::find_if(branches.begin(), branches.end(), [&](const Branch& b) { return b.symbol == string[i]; });
    require<ValueError>(taken != branches.end(), "ReberGrammar::continuations: '{}' may not go on with symbol {}, '{}'",
                        string, i, string[i]);
    state = taken->next;
    std::string legal;
    for (const Branch& b : states_[state]) legal += b.symbol;
    result.push_back(legal);
  }
  require<ValueError>(!result.empty() && result.back().empty(), "ReberGrammar::continuations: '{}' is not complete",
                      string);
  result.pop_back();
  return result;
}

// Six coin flips a plain string of eight symbols on average, in either grammar one prediction less than there are
// symbols.
double ReberGrammar::optimum() const { return std::numbers::ln2 * (embedded_ ? 7.0 / 11 : 6.0 / 7); }
double ReberGrammar::forgetful() const { return embedded_ ? std::numbers::ln2 * 8 / 11 : optimum(); }

IdSequences reber_batch(std::span<const std::string> strings) {
  require<ValueError>(!strings.empty(), "reber_batch: no strings");
  std::size_t longest = 0;
  for (const std::string& string : strings) {
    require<ValueError>(string.size() >= 2, "reber_batch: '{}' has nothing to predict", string);
    longest = std::max(longest, string.size());
  }
  const std::size_t time = longest - 1;
  const std::size_t size = strings.size() * time;
  IdSequences result{static_cast<Index>(strings.size()), static_cast<Index>(time), std::vector<std::int32_t>(size),
                     std::vector<std::int32_t>(size), std::vector<float>(size)};
  const auto id = [](char symbol) {
    const auto at = reber_symbols.find(symbol);
    require<ValueError>(at != std::string_view::npos, "reber_batch: no symbol '{}'; they are {}", symbol,
                        reber_symbols);
    return static_cast<std::int32_t>(at);
  };
  for (std::size_t s = 0; s < strings.size(); ++s)
    for (std::size_t t = 0; t + 1 < strings[s].size(); ++t) {
      result.inputs[s * time + t] = id(strings[s][t]);
      result.targets[s * time + t] = id(strings[s][t + 1]);
      result.weights[s * time + t] = 1;
    }
  return result;
}

}  // namespace recur::samples
