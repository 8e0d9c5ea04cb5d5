#include <recur/train/loop/checkpoint.h>

#include <recur/framework/tensor/error.h>

#include <fmt/format.h>
#include <zlib.h>

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace recur {
namespace {

constexpr const char* format_key = "recur.checkpoint";
constexpr const char* format_version = "1";
constexpr const char* checksum_key = "recur.crc32";

class Checksum {
 public:
  void add(const void* data, std::size_t bytes) { value_ = ::crc32_z(value_, static_cast<const Bytef*>(data), bytes); }
  // The length goes first, so that no two lists of texts look alike.
  void add(std::string_view text) {
    const std::uint64_t length = text.size();
    add(&length, sizeof(length));
    add(text.data(), text.size());
  }
  [[nodiscard]] std::string text() const { return fmt::format("{:08x}", value_); }

 private:
  uLong value_ = ::crc32_z(0, nullptr, 0);
};

std::string checksum(const TrainingState& state) {
  Checksum sum;
  for (const auto& [name, text] : state.texts) {
    sum.add(name);
    sum.add(text);
  }
  for (const auto& [name, array] : state.arrays) {
    sum.add(name);
    sum.add(fmt::format("{} {}", recur::name(array.dtype()), array.shape()));
    sum.add(array.data(), static_cast<std::size_t>(array.size()) * size_of(array.dtype()));
  }
  return sum.text();
}

}  // namespace

void TrainingState::put(const std::string& name, std::span<const Array> list) {
  for (std::size_t i = 0; i < list.size(); ++i) arrays[fmt::format("{}/{}", name, i)] = list[i].clone();
}

std::vector<Array> TrainingState::get(const std::string& name) const {
  std::vector<Array> list;
  for (auto at = arrays.find(name + "/0"); at != arrays.end();
       at = arrays.find(fmt::format("{}/{}", name, list.size())))
    list.push_back(at->second.clone());
  return list;
}

// Hexadecimal, so that the very same number comes back.
void TrainingState::put(const std::string& name, double number) { texts[name] = fmt::format("{:a}", number); }
void TrainingState::put(const std::string& name, Index number) { texts[name] = std::to_string(number); }

const std::string& TrainingState::text(const std::string& name) const {
  const auto at = texts.find(name);
  require<FormatError>(at != texts.end(), "TrainingState: the checkpoint has no '{}'", name);
  return at->second;
}

double TrainingState::number(const std::string& name) const {
  const std::string& digits = text(name);
  char* end = nullptr;
  const double number = std::strtod(digits.c_str(), &end);
  require<FormatError>(!digits.empty() && *end == 0, "TrainingState: '{}' is '{}', not a number", name, digits);
  return number;
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
  texts[format_key] = format_version;
  texts[checksum_key] = checksum(state);
  save_safetensors(path, arrays, texts);
}

TrainingState load_checkpoint(const std::filesystem::path& path) {
  SafetensorsFile file = load_safetensors(path);
  const auto take = [&](const char* key) {
    auto node = file.metadata.extract(key);
    return node.empty() ? std::string() : std::move(node.mapped());
  };
  const std::string version = take(format_key);
  require<FormatError>(!version.empty(), "load_checkpoint: '{}' is no checkpoint (a file of parameters alone?)",
                       path.string());
  require<FormatError>(version == format_version, "load_checkpoint: '{}' has format {}, this program knows {}",
                       path.string(), version, format_version);
  const std::string wanted = take(checksum_key);
  TrainingState state{std::move(file.arrays), std::move(file.metadata)};
  const std::string found = checksum(state);
  require<FormatError>(found == wanted, "load_checkpoint: '{}' is damaged: its checksum is {}, {} was written",
                       path.string(), found, wanted);
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
  save_checkpoint(options_.directory / fmt::format("checkpoint-{:09}.safetensors", step), state);
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

}  // namespace recur
