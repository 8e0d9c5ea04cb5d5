#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace recur {

/// Returns true if `left` comes before `right` where numbers count as numbers: sample2 before sample10, sample02 after
/// sample2.
[[nodiscard]] bool natural_less(std::string_view left, std::string_view right);

/// Returns the files of a folder by `natural_less` of their paths, without those whose names begin with a dot. With
/// `nested` also those of the folders in it. Throws FormatError if there is no such folder, or no file in it.
[[nodiscard]] std::vector<std::filesystem::path> files_of_folder(const std::filesystem::path& folder,
                                                                 bool nested = false);

}  // namespace recur
