#include <recur/io/temporary_name.h>

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace recur {
namespace {

constexpr std::string_view temporary_ending = ".tmp";
constexpr std::size_t digits = 16;
constexpr std::size_t longest_name = 255;  // of a file, on the usual file systems

std::uint64_t random_word() {
  std::uint64_t word = 0;
  if (::getrandom(&word, sizeof word, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof word)) return word;
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

// Takes `.field` off the end of `name` and returns the field; empty if there is no dot.
std::string_view take_field(std::string_view& name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view field = name.substr(dot + 1);
  name.remove_suffix(field.size() + 1);
  return field;
}

}  // namespace

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  const std::string suffix = fmt::format(".{:016x}{}", random_word(), temporary_ending);
  std::string name = path.filename().string();
  name.resize(std::min(name.size(), longest_name - suffix.size()));
  return path.parent_path() / (name + suffix);
}

std::optional<std::string_view> without_temporary_suffix(std::string_view name) {
  if (!name.ends_with(temporary_ending)) return std::nullopt;
  name.remove_suffix(temporary_ending.size());
  constexpr std::string_view decimal = "0123456789";
  const std::string_view last = take_field(name);
  if (last.size() == digits && all_of(last, "0123456789abcdef")) return name;
  if (all_of(last, decimal) && all_of(take_field(name), decimal)) return name;
  return std::nullopt;
}

}  // namespace recur
