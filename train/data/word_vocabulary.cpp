#include <recur/train/data/word_vocabulary.h>

#include <recur/framework/tensor/shape.h>

#include <algorithm>
#include <map>

namespace recur {
namespace {

constexpr std::string_view spaces = " \t\r\v\f";

// Calls `use` for each word, `<eos>` for each end of a line.
template <class Use>
void for_each_word(std::string_view text, Use use) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '\n') {
      use(WordVocabulary::end_of_line);
      ++at;
    } else if (spaces.find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      const std::size_t end = std::min(text.find_first_of(" \t\r\v\f\n", at), text.size());
      use(text.substr(at, end - at));
      at = end;
    }
  }
}

}  // namespace

void WordVocabulary::add(std::string word) {
  require<ValueError>(!word.empty() && ids_.emplace(word, size()).second,
                      "WordVocabulary: the word '{}' is empty or occurs twice", word);
  words_.push_back(std::move(word));
}

WordVocabulary WordVocabulary::of_text(std::string_view text, std::size_t size) {
  require<ValueError>(size >= 3, "WordVocabulary: size must be at least 3, got {}", size);
  std::map<std::string, Index, std::less<>> counts;
  for_each_word(text, [&](std::string_view word) { ++counts[std::string(word)]; });
  counts.erase(std::string(unknown));
  counts.erase(std::string(end_of_line));
  require<ValueError>(!counts.empty(), "WordVocabulary: a text of {} bytes without words", text.size());
  std::vector<std::pair<std::string, Index>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  WordVocabulary result;
  result.add(std::string(unknown));
  result.add(std::string(end_of_line));
  for (auto& [word, count] : sorted)
    if (result.words_.size() < size) result.add(std::move(word));
  return result;
}

WordVocabulary WordVocabulary::of_list(std::string_view lines) {
  WordVocabulary result;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view word = lines.substr(0, end);
    if (word.ends_with('\r')) word.remove_suffix(1);
    result.add(std::string(word));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  for (const std::string_view word : {unknown, end_of_line})
    if (!result.ids_.contains(std::string(word))) result.add(std::string(word));
  return result;
}

std::vector<std::int32_t> WordVocabulary::encode(std::string_view text) const {
  const std::int32_t other = ids_.at(std::string(unknown));
  std::vector<std::int32_t> ids;
  for_each_word(text, [&](std::string_view word) {
    const auto found = ids_.find(std::string(word));
    ids.push_back(found == ids_.end() ? other : found->second);
  });
  return ids;
}

std::string WordVocabulary::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  for (const std::int32_t id : ids) {
    require<ValueError>(id >= 0 && id < size(), "WordVocabulary::decode: id {} is not within 0 to {}", id, size() - 1);
    const std::string& word = words_[static_cast<std::size_t>(id)];
    if (word == end_of_line) {
      text += '\n';
      continue;
    }
    if (!text.empty() && text.back() != '\n') text += ' ';
    text += word;
  }
  return text;
}

std::string WordVocabulary::list() const {
  std::string lines;
  for (const std::string& word : words_) lines += word + "\n";
  return lines;
}

}  // namespace recur
