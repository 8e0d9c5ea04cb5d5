#include <recur/framework/tensor/error.h>
#include <recur/train/data/text.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace recur {

std::string read_text_file(const std::filesystem::path& path, std::size_t longest) {
  std::error_code unknown;
  require<FormatError>(!std::filesystem::is_directory(path, unknown), "read_text_file: '{}' is a directory",
                       path.string());
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  require<FormatError>(file.good(), "read_text_file: cannot open '{}': {}", path.string(), std::strerror(errno));
  std::string text;
  std::vector<char> piece(64 * 1024);
  while (file.read(piece.data(), std::ssize(piece)) || file.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    require<FormatError>(text.size() <= longest, "read_text_file: '{}' has more than {} bytes", path.string(), longest);
  }
  require<FormatError>(!file.bad(), "read_text_file: cannot read '{}'", path.string());
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  require<FormatError>(!text.empty(), "read_text_file: '{}' is empty", path.string());
  return text;
}

TextSplit split_text(std::string_view text, double fraction) {
  require<ValueError>(fraction > 0 && fraction < 1, "split_text: the fraction {} is not between 0 and 1", fraction);
  const auto size = static_cast<double>(text.size());
  auto cut = static_cast<std::size_t>(std::llround(size * (1 - fraction)));
  const auto is_continuation = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; };
  while (cut > 0 && cut < text.size() && is_continuation(cut)) --cut;
  require<ValueError>(cut > 0 && cut < text.size(), "split_text: a text of {} bytes is too short to set {} of it apart",
                      text.size(), fraction);
  return {std::string(text.substr(0, cut)), std::string(text.substr(cut))};
}

}  // namespace recur
