#pragma once

#include <filesystem>

namespace recur {

/// The file that `path` leads to through links, which need not be there. @throws FormatError for links in a circle
[[nodiscard]] std::filesystem::path follow_links(const std::filesystem::path& path);

/// Does nothing unless `folder/name` is a link: then it must lead to something within the folder. The folder itself may be reached by
/// a link. @throws FormatError for a link that leads out.
void refuse_link_out_of(const std::filesystem::path& folder, const std::filesystem::path& name);

}  // namespace recur
