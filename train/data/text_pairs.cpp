#include <recur/train/data/text_pairs.h>

#include <recur/framework/tensor/error.h>
#include <recur/train/data/text.h>

#include <algorithm>
#include <sstream>

namespace recur {
namespace {

std::string all_of(const std::vector<TextPair>& train, const std::vector<TextPair>& test, std::string TextPair::*text) {
  std::string all;
  for (const auto* part : {&train, &test})
    for (const TextPair& pair : *part) all += pair.*text;
  return all;
}

}  // namespace

PairFile read_pairs(const std::filesystem::path& path) {
  std::vector<TextPair> pairs;
  std::istringstream text(read_text_file(path));
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::size_t tab = line.find('\t');
    require<ValueError>(
        tab != std::string::npos && tab > 0 && tab + 1 < line.size() && line.find('\t', tab + 1) == line.npos,
        "read_pairs: '{}', line {}: '{}' is not two texts with a tab between them", path.string(), pairs.size() + 1,
        line);
    pairs.push_back({line.substr(0, tab), line.substr(tab + 1)});
  }
  require<ValueError>(pairs.size() >= 2, "read_pairs: '{}' has {} line, at least two are needed", path.string(),
                      pairs.size());
  const auto cut = pairs.end() - static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, pairs.size() / 10));
  return {{pairs.begin(), cut}, {cut, pairs.end()}};
}

std::vector<TextPair> some_of(const std::vector<TextPair>& pairs, Index count, Generator& generator) {
  require<ValueError>(!pairs.empty() && count >= 0, "some_of: {} of {} pairs", count, pairs.size());
  std::vector<TextPair> some;
  for (Index i = 0; i < count; ++i) some.push_back(pairs[static_cast<std::size_t>(generator.below(std::ssize(pairs)))]);
  return some;
}

PairCoder::PairCoder(const std::vector<TextPair>& train, const std::vector<TextPair>& test)
    : sources_(all_of(train, test, &TextPair::source)), targets_(all_of(train, test, &TextPair::target)) {}

PairBatch PairCoder::encode(const std::vector<TextPair>& pairs) const {
  std::vector<std::vector<std::int32_t>> sources;
  std::vector<std::vector<std::int32_t>> targets;
  PairBatch result;
  result.batch = std::ssize(pairs);
  for (const TextPair& pair : pairs) {
    sources.push_back(sources_.encode(pair.source));
    targets.push_back(targets_.encode(pair.target));
    for (std::int32_t& id : targets.back()) ++id;
    targets.back().push_back(edge);
    result.lengths.push_back(std::ssize(sources.back()));
    result.source_time = std::max(result.source_time, result.lengths.back());
    result.target_time = std::max(result.target_time, Index{std::ssize(targets.back())});
  }
  result.mask = Tensor<float>({result.batch, result.source_time});
  for (std::size_t b = 0; b < pairs.size(); ++b) {
    std::fill_n(result.mask.data() + static_cast<Index>(b) * result.source_time, result.lengths[b], 1.0F);
    result.weights.insert(result.weights.end(), targets[b].size(), 1.0F);
    sources[b].resize(static_cast<std::size_t>(result.source_time));
    targets[b].resize(static_cast<std::size_t>(result.target_time), edge);
    result.source.insert(result.source.end(), sources[b].begin(), sources[b].end());
    result.before.push_back(edge);
    result.before.insert(result.before.end(), targets[b].begin(), targets[b].end() - 1);
    result.targets.insert(result.targets.end(), targets[b].begin(), targets[b].end());
    result.weights.resize(result.targets.size());
  }
  return result;
}

std::vector<std::string> PairCoder::decode(const std::vector<std::vector<std::int32_t>>& ids) const {
  std::vector<std::string> texts(ids.empty() ? 0 : ids[0].size());
  for (const auto& step : ids)
    require(step.size() == texts.size(), "PairCoder::decode: a step of {} ids, the first has {}", step.size(),
            texts.size());
  for (std::size_t b = 0; b < texts.size(); ++b)
    for (const auto& step : ids) {
      if (step[b] == edge) break;
      texts[b] += targets_.character(step[b] - 1);
    }
  return texts;
}

}  // namespace recur
