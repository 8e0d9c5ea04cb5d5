#include <recur/train/callbacks/file_pattern.h>

#include <recur/framework/tensor/error.h>

#include <fmt/format.h>

#include <utility>

namespace recur {
namespace {

std::string formatted(const std::string& name, const std::string& form, const EpochReport& report) {
  if (name == "epoch") return fmt::format(fmt::runtime(form), report.epoch);
  return fmt::format(fmt::runtime(form), number_of(report, name));
}

}  // namespace

FilePattern::FilePattern(std::string pattern) {
  const auto refuse = [&](const char* what) { fail<ValueError>("FilePattern: '{}': {}", pattern, what); };
  Part part;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if ((c == '{' || c == '}') && pattern.substr(at, 2) == std::string(2, c)) {
      part.text += pattern[++at];
      continue;
    }
    if (c == '}') refuse("a } without its {");
    if (c != '{') {
      part.text += c;
      continue;
    }
    const auto end = pattern.find('}', at);
    if (end == std::string::npos) refuse("a { without its }");
    const std::string inside = pattern.substr(at + 1, end - at - 1);
    const auto colon = std::min(inside.find(':'), inside.size());
    part.name = inside.substr(0, colon);
    part.form = "{" + inside.substr(colon) + "}";
    if (part.name.empty()) refuse("no name in the braces; {epoch} or {valid_loss:.2f} is expected");
    try {
      const EpochReport probe{.epoch = 1, .train_loss = 0.5, .metrics = {{part.name, 0.5}}};
      (void)formatted(part.name, part.form, probe);
    } catch (const fmt::format_error& error) {
      refuse(error.what());
    }
    parts_.push_back(std::exchange(part, {}));
    at = end;
  }
  parts_.push_back(std::move(part));
}

std::string FilePattern::operator()(const EpochReport& report) const {
  std::string name;
  for (const Part& part : parts_)
    name += part.text + (part.name.empty() ? "" : formatted(part.name, part.form, report));
  return name;
}

std::vector<std::string> FilePattern::numbers() const {
  std::vector<std::string> names;
  for (const Part& part : parts_)
    if (!part.name.empty() && part.name != "epoch") names.push_back(part.name);
  return names;
}

}  // namespace recur
