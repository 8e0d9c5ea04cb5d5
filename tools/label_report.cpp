#include "label_report.h"

#include <recur/train/loop/label_error.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace recur::tools {
namespace {

/// The classes to draw: the blank, those of the labels, and others that are likely somewhere.
std::vector<Index> classes_of(const Task::Alignment& one) {
  constexpr double likely = 0.2;
  std::vector<Index> classes;
  for (Index c = 0; c < one.classes; ++c) {
    const auto id = static_cast<std::int32_t>(c);
    bool shown = c == 0 || std::ranges::find(one.wanted, id) != one.wanted.end();
    for (Index frame = 0; frame < one.frames && !shown; ++frame) shown = one.probability(frame, c) >= likely;
    if (shown) classes.push_back(c);
  }
  return classes;
}

/// 1, 2 or 5 times a power of ten, so that there are at most a dozen ticks.
Index tick_distance(Index frames) {
  for (Index power = 1;; power *= 10)
    for (const Index step : {1, 2, 5})
      if (frames / (step * power) <= 12) return step * power;
}

/// The number of the frame at each tick, and empty names between ticks. @param each frames of a column
std::vector<std::string> frame_names(Index frames, Index each) {
  const Index distance = tick_distance(frames);
  std::vector<std::string> names;
  for (Index first = 0; first < frames; first += each) {
    const Index tick = (first + distance - 1) / distance * distance;
    names.push_back(tick < first + each ? std::to_string(tick) : std::string());
  }
  return names;
}

HeatMap map_of(const Task::Alignment& one, Index number) {
  constexpr Index most = 350;  // columns that can be told apart
  const Index each = (one.frames + most - 1) / most, columns = (one.frames + each - 1) / each;
  const std::vector<Index> classes = classes_of(one);
  const auto spoken = [](const std::vector<std::int32_t>& labels) {
    return labels.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(labels, " "));
  };
  HeatMap map{
      .title = fmt::format("Sequence {}: reads {}, wanted {}", number, spoken(one.reading.labels), spoken(one.wanted)),
      .rows = {"label", {}},
      .columns = {each > 1 ? fmt::format("frame (the most likely of {})", each) : "frame",
                  frame_names(one.frames, each)},
      .shares = {}};
  map.marked = "a label that is read begins";
  for (const Index c : classes) {
    map.rows.names.push_back(c == 0 ? "blank" : std::to_string(c));
    for (Index column = 0; column < columns; ++column) {
      double share = 0;
      for (Index frame = column * each; frame < std::min((column + 1) * each, one.frames); ++frame)
        share = std::max(share, one.probability(frame, c));
      map.shares.push_back(share);
    }
  }
  for (std::size_t i = 0; i < one.reading.labels.size(); ++i) {
    const auto row = std::ranges::find(classes, Index{one.reading.labels[i]});
    if (row != classes.end())
      map.marks.emplace_back(static_cast<std::size_t>(row - classes.begin()),
                             static_cast<std::size_t>(one.reading.steps[i] / each));
  }
  return map;
}

}  // namespace

std::vector<HeatMap> label_maps(Task& task, const Source& data) {
  std::vector<HeatMap> maps;
  if (data.size() == 0) return maps;
  Tape tape;
  const std::vector<Task::Alignment> all = task.align(tape, data[0]);
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < std::min<std::size_t>(2, all.size()); ++i) shown.push_back(i);
  const auto errors = [](const Task::Alignment& one) { return edit_distance(one.reading.labels, one.wanted); };
  const auto worst = std::ranges::max_element(all, {}, errors);
  const auto at = static_cast<std::size_t>(worst - all.begin());
  if (at >= shown.size() && worst != all.end() && errors(*worst) > 0) shown.push_back(at);
  for (const std::size_t i : shown)
    if (all[i].frames > 0) maps.push_back(map_of(all[i], static_cast<Index>(i) + 1));
  return maps;
}

}  // namespace recur::tools
