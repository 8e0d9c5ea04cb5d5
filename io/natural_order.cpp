#include <recur/io/natural_order.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>

namespace recur {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the number that a text begins with, without leading zeros.
std::string_view take_number(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_digit);
  std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

template <class Entries>
void add_files(std::vector<std::filesystem::path>& files, const Entries& entries) {
  for (const auto& entry : entries)
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.')) files.push_back(entry.path());
}

}  // namespace

bool natural_less(std::string_view left, std::string_view right) {
  const std::string_view whole_left = left, whole_right = right;
  while (!left.empty() && !right.empty()) {
    if (is_digit(left[0]) && is_digit(right[0])) {
      const std::string_view a = take_number(left), b = take_number(right);
      if (a.size() != b.size()) return a.size() < b.size();
      if (a != b) return a < b;
      continue;
    }
    if (left[0] != right[0]) return static_cast<unsigned char>(left[0]) < static_cast<unsigned char>(right[0]);
    left.remove_prefix(1);
    right.remove_prefix(1);
  }
  if (left.empty() != right.empty()) return left.empty();
  // Equal but for zeros in front of numbers.
  return whole_left.size() != whole_right.size() ? whole_left.size() < whole_right.size() : whole_left < whole_right;
}

std::vector<std::filesystem::path> files_of_folder(const std::filesystem::path& folder, bool nested) {
  std::vector<std::filesystem::path> files;
  try {
    if (nested) add_files(files, std::filesystem::recursive_directory_iterator(folder));
    else add_files(files, std::filesystem::directory_iterator(folder));
  } catch (const std::filesystem::filesystem_error& error) {
    fail<FormatError>("files_of_folder: '{}' cannot be listed: {}", folder.string(), error.code().message());
  }
  require<FormatError>(!files.empty(), "files_of_folder: there is no file in '{}'", folder.string());
  std::ranges::sort(files, [](const auto& a, const auto& b) { return natural_less(a.string(), b.string()); });
  return files;
}

}  // namespace recur
