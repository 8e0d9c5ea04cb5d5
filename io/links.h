#pragma once

#include <filesystem>

namespace recur {

/// Does nothing unless `folder/name` is a link: then it must lead to something within the folder. The folder itself may be reached by
/// a link. @throws FormatError for a link that leads out, or nowhere.
void refuse_link_out_of(const std::filesystem::path& folder, const std::filesystem::path& name);

}  // namespace recur
