#include <recur/framework/tensor/error.h>
#include <recur/io/text_table.h>

#include <algorithm>

namespace recur {
namespace {

/// Whether a name is of the form of a pattern, in which `*` stands for any letters and `?` for one.
bool matches(std::string_view name, std::string_view pattern) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    for (std::size_t taken = 0; taken <= name.size(); ++taken)
      if (matches(name.substr(taken), pattern.substr(1))) return true;
    return false;
  }
  return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) && matches(name.substr(1), pattern.substr(1));
}

}  // namespace

std::vector<std::filesystem::path> matching_files(const std::filesystem::path& pattern) {
  const std::string name = pattern.filename().string();
  if (name.find_first_of("*?") == std::string::npos) return {pattern};
  std::vector<std::filesystem::path> files;
  std::error_code error;
  const auto folder = pattern.has_parent_path() ? pattern.parent_path() : std::filesystem::path(".");
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (matches(entry.path().filename().string(), name)) files.push_back(entry.path());
  require<FormatError>(!files.empty(), "matching_files: there is no file '{}'", pattern.string());
  std::ranges::sort(files);
  return files;
}

}  // namespace recur
