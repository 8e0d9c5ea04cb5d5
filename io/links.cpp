#include <recur/framework/tensor/error.h>
#include <recur/io/links.h>

#include <algorithm>

namespace recur {

void refuse_link_out_of(const std::filesystem::path& folder, const std::filesystem::path& name) {
  const std::filesystem::path path = folder / name;
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return;
  const auto target = std::filesystem::weakly_canonical(path, error);
  const auto inside = std::filesystem::weakly_canonical(folder, error);
  const bool within =
      !error && std::mismatch(inside.begin(), inside.end(), target.begin(), target.end()).first == inside.end();
  require<FormatError>(within, "'{}' is a link out of the folder, to '{}'; nothing is written through it",
                       path.string(), target.string());
}

}  // namespace recur
