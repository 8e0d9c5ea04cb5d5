#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/nearest_name.h>
#include <recur/framework/tensor/random.h>
#include <recur/io/natural_order.h>
#include <recur/train/labels/recordings.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace recur {
namespace {

/// What is kept together of recording `i`: its subject or, without one, itself.
const std::string& group_of(const LabelledRecordings& recordings, std::size_t i) {
  const std::string& subject = recordings.subjects[i];
  return subject.empty() ? recordings.table.series[i].id : subject;
}

std::vector<std::string> groups_of(const LabelledRecordings& recordings) {
  std::vector<std::string> groups;
  for (std::size_t i = 0; i < recordings.labels.size(); ++i) groups.push_back(group_of(recordings, i));
  std::ranges::sort(groups, natural_less);
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

bool has_part(const Series& series, Part part) { return !series.parts.empty() && series.parts[0] == part; }

}  // namespace

void split_by_subject(LabelledRecordings& recordings, double validation, double test, std::uint64_t seed) {
  std::vector<std::string> groups = groups_of(recordings);
  const auto count = [&](double amount) {
    require<ValueError>(amount >= 0 && std::isfinite(amount), "split_by_subject: a part of {} subjects", amount);
    if (amount >= 1 || amount == 0) return static_cast<std::size_t>(amount);
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(amount * static_cast<double>(groups.size()))));
  };
  const std::size_t validated = count(validation), tested = count(test);
  require<ValueError>(
      validated + tested < groups.size(),
      "split_by_subject: {} for validation and {} for the test leave none of {} subjects (or recordings "
      "without one) to train on",
      validated, tested, groups.size());
  Generator(seed).fork("split").shuffle(groups);
  const std::span<const std::string> all(groups);
  split_by_subject(recordings, all.first(validated), all.subspan(validated, tested));
}

void split_by_subject(LabelledRecordings& recordings, std::span<const std::string> validation,
                      std::span<const std::string> test) {
  const std::vector<std::string> known = groups_of(recordings);
  for (const auto& names : {validation, test})
    for (const std::string& name : names)
      require<ValueError>(std::ranges::find(known, name) != known.end(),
                          "split_by_subject: there is no subject '{}'{}; there are {}", name, did_you_mean(name, known),
                          fmt::join(known, ", "));
  bool left = false;
  for (std::size_t i = 0; i < recordings.labels.size(); ++i) {
    const std::string& group = group_of(recordings, i);
    Part part = Part::training;
    if (std::ranges::find(validation, group) != validation.end()) part = Part::validation;
    if (std::ranges::find(test, group) != test.end()) part = Part::test;
    std::ranges::fill(recordings.table.series[i].parts, part);
    left = left || part == Part::training;
  }
  require<ValueError>(left, "split_by_subject: nothing is left to train on");
}

void require_known_labels(const LabelledRecordings& recordings) {
  std::vector<bool> known(recordings.classes.size());
  for (std::size_t i = 0; i < recordings.labels.size(); ++i)
    if (has_part(recordings.table.series[i], Part::training))
      for (const std::int32_t label : recordings.labels[i])
        if (label >= 0) known[static_cast<std::size_t>(label)] = true;
  for (std::size_t i = 0; i < recordings.labels.size(); ++i)
    for (const std::int32_t label : recordings.labels[i])
      require<ValueError>(label < 0 || known[static_cast<std::size_t>(label)],
                          "require_known_labels: the label '{}' of recording '{}' is in no training part, so that it "
                          "cannot be learned; split in another way, or take its recordings away",
                          label < 0 ? std::string() : recordings.classes[static_cast<std::size_t>(label)],
                          recordings.table.series[i].id);
}

}  // namespace recur
