#include <recur/framework/tensor/error.h>
#include <recur/io/links.h>

#include <algorithm>

namespace recur {

std::filesystem::path follow_links(const std::filesystem::path& path) {
  constexpr int most_links = 40;  // as the system follows them
  std::filesystem::path file = path;
  std::error_code error;
  for (int links = 0; std::filesystem::is_symlink(file, error); ++links) {
    require<FormatError>(links < most_links, "cannot follow the link '{}': too many links", path.string());
    file = file.parent_path() / std::filesystem::read_symlink(file, error);
    require<FormatError>(!error, "cannot follow the link '{}': {}", path.string(), error.message());
  }
  return file;
}

void refuse_link_out_of(const std::filesystem::path& folder, const std::filesystem::path& name) {
  const std::filesystem::path path = folder / name;
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return;
  const auto target = std::filesystem::weakly_canonical(follow_links(path), error);
  const auto inside = std::filesystem::weakly_canonical(folder, error);
  const bool within =
      !error && std::mismatch(inside.begin(), inside.end(), target.begin(), target.end()).first == inside.end();
  require<FormatError>(within, "'{}' is a link out of the folder, to '{}'; nothing is written through it",
                       path.string(), target.string());
}

}  // namespace recur
