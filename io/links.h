#pragma once

#include <filesystem>

namespace recur {

/// Returns the path that `path` leads to through links. It need not exist. Throws FormatError if links form a circle.
[[nodiscard]] std::filesystem::path follow_links(const std::filesystem::path& path);

/// Checks that `folder/name`, if it is a link, leads to a place within the folder. `folder` itself may be reached
/// through a link. Throws FormatError if the link leads out.
void refuse_link_out_of(const std::filesystem::path& folder, const std::filesystem::path& name);

}  // namespace recur
