#include <recur/train/loop/run_identity.h>

#include <recur/framework/tensor/error.h>
#include <recur/optim/config.h>

#include <fmt/format.h>

#include <algorithm>

namespace recur::detail {
namespace {

// The parts in which two long texts differ, with a little of what stands before.
std::pair<std::string, std::string> differing_parts(const std::string& a, const std::string& b) {
  constexpr std::size_t before = 40;
  constexpr std::size_t most = 80;
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const std::size_t from = at > before ? at - before : 0;
  const auto part = [&](const std::string& text) {
    std::string shown = (from > 0 ? "…" : "") + text.substr(std::min(from, text.size()), most);
    return from + most < text.size() ? shown + "…" : shown;
  };
  return {part(a), part(b)};
}

}  // namespace

void put_texts(TrainingState& state, const std::string& prefix, const Metadata& texts) {
  for (const auto& [name, text] : texts) state.texts[prefix + name] = text;
}

Metadata texts_below(const TrainingState& state, const std::string& prefix) {
  Metadata found;
  for (const auto& [name, text] : state.texts)
    if (name.starts_with(prefix)) found.emplace(name.substr(prefix.size()), text);
  return found;
}

std::string identity_of(optim::Optimizer& optimizer) {
  if (!optimizer.has_learning_rate()) return "";
  const optim::Schedule given = optimizer.schedule();
  optimizer.set_learning_rate(1.0);
  std::string text;
  try {
    const optim::OptimizerConfig config = optim::get_config(optimizer);
    text = config.class_name + " " + config.config;
  } catch (const StateError&) {  // a chain
  }
  optimizer.set_learning_rate(given);
  return text;
}

std::string rate_text(const optim::Optimizer& optimizer) {
  if (!optimizer.has_learning_rate()) return "";
  const optim::Schedule& schedule = optimizer.schedule();
  if (schedule.constant()) return fmt::format("{}", schedule(0));
  std::string values = "a schedule:";
  for (const Index step : {0, 1, 2, 5, 10, 100, 1000, 10'000, 100'000}) values += fmt::format(" {}", schedule(step));
  return values;
}

void require_identity(const Metadata& then, const Metadata& now) {
  for (const auto& [name, text] : now) {
    const auto at = then.find(name);
    if (at == then.end() || at->second == text) continue;
    const auto [was, is] = differing_parts(at->second, text);
    fail<FormatError>(
        "Trainer::fit: the checkpoint is of a run with another {}: {}, here {}; resume with what it was begun with, or "
        "begin "
        "a new run",
        name, was, is);
  }
}

std::string changes(const Metadata& then, const Metadata& now) {
  constexpr std::size_t longest = 40;
  std::string list;
  for (const auto& [name, text] : now) {
    const auto at = then.find(name);
    if (at == then.end() || at->second == text) continue;
    const bool brief = std::max(text.size(), at->second.size()) <= longest;
    list += (list.empty() ? "" : "; ") +
            (brief ? fmt::format("{}: {} (was {})", name, text, at->second) : fmt::format("{}: changed", name));
  }
  return list;
}

}  // namespace recur::detail
