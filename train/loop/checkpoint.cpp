#include <recur/train/loop/checkpoint.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>
#include <recur/io/file_format.h>
#include <recur/io/warning.h>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

namespace recur {
namespace {

constexpr FileFormat checkpoint_format{.key = "recur.checkpoint", .name = "checkpoint", .version = 2};
const std::string by_row_prefix = "by_row/";

}  // namespace

void TrainingState::put(const std::string& name, std::span<const Array> list) {
  for (std::size_t i = 0; i < list.size(); ++i) arrays[fmt::format("{}/{}", name, i)] = list[i].clone();
}

void TrainingState::put_rows(const std::string& name, std::span<const Array> list) {
  put(name, list);
  by_row.insert(name);
}

std::vector<Array> TrainingState::get(const std::string& name) const {
  std::vector<Array> list;
  for (auto at = arrays.find(name + "/0"); at != arrays.end();
       at = arrays.find(fmt::format("{}/{}", name, list.size())))
    list.push_back(at->second.clone());
  return list;
}

// Hexadecimal, so that the number comes back exactly. Without printf, which writes a decimal point as the locale has
// it.
void TrainingState::put(const std::string& name, double number) {
  std::array<char, 40> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), std::abs(number), std::chars_format::hex).ptr;
  const char* const prefix = std::isfinite(number) ? "0x" : "";
  texts[name] = fmt::format("{}{}{}", std::signbit(number) ? "-" : "", prefix, std::string_view(digits.data(), end));
}
void TrainingState::put(const std::string& name, Index number) { texts[name] = std::to_string(number); }

const std::string& TrainingState::text(const std::string& name) const {
  const auto at = texts.find(name);
  require<FormatError>(at != texts.end(), "TrainingState: the checkpoint has no '{}'", name);
  return at->second;
}

// Without strtod, which reads a decimal point as the locale has it.
double TrainingState::number(const std::string& name) const {
  const std::string& digits = text(name);
  std::string_view rest = digits;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  const bool hexadecimal = rest.starts_with("0x");
  if (hexadecimal) rest.remove_prefix(2);
  double number = 0;
  const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), number,
                                    hexadecimal ? std::chars_format::hex : std::chars_format::general);
  require<FormatError>(read.ec == std::errc() && read.ptr == rest.data() + rest.size() && !rest.starts_with('-'),
                       "TrainingState: '{}' is '{}', not a number", name, digits);
  return negative ? -number : number;
}

Index TrainingState::integer(const std::string& name) const {
  const std::string& digits = text(name);
  Index number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  require<FormatError>(read.ec == std::errc() && read.ptr == digits.data() + digits.size(),
                       "TrainingState: '{}' is '{}', not an integer", name, digits);
  return number;
}

void save_checkpoint(const std::filesystem::path& path, const TrainingState& state) {
  std::vector<NamedArray> arrays;
  for (const auto& [name, array] : state.arrays) arrays.push_back({name, &array});
  Metadata texts = state.texts;
  for (const std::string& name : state.by_row) texts[by_row_prefix + name] = "";
  save_safetensors(path, arrays, stamped(checkpoint_format, arrays, texts));
}

TrainingState load_checkpoint(const std::filesystem::path& path) {
  SafetensorsFile file = load_safetensors(path);
  require<FormatError>(check_stamp(checkpoint_format, path, file),
                       "load_checkpoint: '{}' is no checkpoint (a file of parameters alone?)", path.string());
  TrainingState state{std::move(file.arrays), std::move(file.metadata), {}};
  for (const auto& [name, text] : state.texts)
    if (name.starts_with(by_row_prefix)) state.by_row.insert(name.substr(by_row_prefix.size()));
  std::erase_if(state.texts, [](const auto& text) { return text.first.starts_with(by_row_prefix); });
  return state;
}

CheckpointFolder::CheckpointFolder(CheckpointOptions options) : options_(std::move(options)) {
  require<ValueError>(options_.keep >= 1, "CheckpointFolder: keep must be at least 1, got {}", options_.keep);
  require<ValueError>(options_.every >= 0, "CheckpointFolder: every must not be negative, got {}", options_.every);
  std::error_code error;
  std::filesystem::create_directories(options_.directory, error);
  require<FormatError>(!error, "CheckpointFolder: cannot make '{}': {}", options_.directory.string(), error.message());
}

std::map<Index, std::filesystem::path> CheckpointFolder::files() const {
  constexpr std::string_view prefix = "checkpoint-";
  constexpr std::string_view suffix = ".safetensors";
  std::map<Index, std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    const char* const end = name.data() + name.size() - suffix.size();
    Index step = 0;
    const auto read = std::from_chars(name.data() + prefix.size(), end, step);
    if (read.ec == std::errc() && read.ptr == end) found[step] = entry.path();
  }
  return found;
}

void CheckpointFolder::save(Index step, const TrainingState& state) const {
  const auto path = options_.directory / fmt::format("checkpoint-{:09}.safetensors", step);
  std::error_code error;
  if (std::filesystem::is_symlink(path, error)) std::filesystem::remove(path, error);  // never written through
  save_checkpoint(path, state);
  const auto all = files();
  auto surplus = static_cast<Index>(all.size()) - options_.keep;
  for (auto at = all.begin(); surplus > 0; ++at, --surplus) {
    std::error_code ignored;  // one that cannot be removed does no harm
    if (at->first != step) std::filesystem::remove(at->second, ignored);
  }
}

std::optional<std::filesystem::path> CheckpointFolder::newest() const {
  const auto all = files();
  return all.empty() ? std::nullopt : std::optional(all.rbegin()->second);
}

std::optional<TrainingState> CheckpointFolder::load_newest() const {
  const auto all = files();
  std::string refused;
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    try {
      TrainingState state = load_checkpoint(at->second);
      if (!refused.empty()) warn("{}; going on from '{}'", refused, at->second.string());
      return state;
    } catch (const VersionError&) {
      throw;
    } catch (const FormatError& error) {
      if (refused.empty()) refused = error.what();
    }
  }
  require<FormatError>(refused.empty(), "{}; no older checkpoint is whole", refused);
  return std::nullopt;
}

void CheckpointFolder::clear() const {
  for (const auto& [step, path] : files()) {
    std::error_code error;
    std::filesystem::remove(path, error);
    require<FormatError>(!error, "CheckpointFolder: cannot remove '{}' of an earlier run: {}", path.string(),
                         error.message());
  }
}

FolderLock CheckpointFolder::lock() const {
  FolderLock held(options_.directory);
  remove_stale_temporaries(options_.directory);
  return held;
}

}  // namespace recur
