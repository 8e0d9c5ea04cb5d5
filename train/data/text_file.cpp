#include <recur/framework/tensor/error.h>
#include <recur/io/mapped_file.h>
#include <recur/train/data/characters.h>
#include <recur/train/data/text.h>
#include <recur/train/data/text_file.h>

#include <algorithm>
#include <map>
#include <optional>

namespace recur {
namespace {

constexpr Index characters_between_marks = 1024;
constexpr std::size_t piece_size = 1U << 20U;

// Calls `visit(byte, text, character)` for the characters from byte `at` on until it returns false.
template <class Visit>
void for_each_character_of(const MappedFile& file, std::size_t at, Visit visit) {
  while (at < file.size()) {
    const bool last = file.size() - at <= piece_size;
    const std::string_view piece = file.text(at, last ? file.size() - at : piece_size);
    // The rest of a character at the end of a piece is in the next one.
    const std::size_t end = last ? piece.size() : piece.size() - longest_character;
    std::size_t done = 0;
    while (done < end) {
      const Character character = first_character(piece.substr(done, longest_character));
      if (!visit(at + done, piece.substr(done, character.length), character)) return;
      done += character.length;
    }
    at += done;
  }
}

}  // namespace

struct TextFile::Contents {
  explicit Contents(const std::filesystem::path& path) : file(path) {
    require<FormatError>(file.size() > 0, "TextFile: '{}' is empty", path.string());
    std::map<std::uint32_t, std::string> found;
    if (file.size() >= byte_order_mark.size() && file.text(0, byte_order_mark.size()) == byte_order_mark)
      begin = byte_order_mark.size();
    require<FormatError>(file.size() > begin, "TextFile: '{}' has only a byte order mark", path.string());
    for_each_character_of(file, begin, [&](std::size_t byte, std::string_view bytes, Character character) {
      if (size++ % characters_between_marks == 0) marks.push_back(byte);
      if (!found.contains(character.code)) found.emplace(character.code, bytes);
      return true;
    });
    // In the order of their codes stray bytes come last, and no two of them make a character.
    std::string alphabet;
    for (const auto& [code, bytes] : found) alphabet += bytes;
    vocabulary.emplace(alphabet);
  }

  // Where the character of this number begins.
  [[nodiscard]] std::size_t byte_of(Index number) const {
    if (single_bytes()) return begin + static_cast<std::size_t>(number);
    const Index mark = std::min(number / characters_between_marks, static_cast<Index>(marks.size()) - 1);
    return advance(marks[static_cast<std::size_t>(mark)], number - mark * characters_between_marks);
  }

  // Where the character begins that comes `count` after the one that begins at `byte`.
  [[nodiscard]] std::size_t advance(std::size_t byte, Index count) const {
    if (single_bytes()) return byte + static_cast<std::size_t>(count);
    std::size_t place = file.size();
    for_each_character_of(file, byte, [&](std::size_t at, std::string_view, Character) {
      if (count-- > 0) return true;
      place = at;
      return false;
    });
    return place;
  }

  [[nodiscard]] bool single_bytes() const { return begin + static_cast<std::size_t>(size) == file.size(); }

  MappedFile file;
  std::size_t begin = 0;  // of the first character, after a byte order mark
  Index size = 0;
  std::vector<std::size_t> marks;
  std::optional<Vocabulary> vocabulary;
};

TextFile::TextFile(const std::filesystem::path& path) : contents_(std::make_shared<const Contents>(path)) {}

const Vocabulary& TextFile::vocabulary() const { return *contents_->vocabulary; }
Index TextFile::size() const { return contents_->size; }

IdSequence TextFile::ids(const Vocabulary& vocabulary) const {
  return {size(), [contents = contents_, vocabulary](Index first, std::span<std::int32_t> to) {
            const std::size_t begin = contents->byte_of(first);
            const std::size_t end = contents->advance(begin, static_cast<Index>(to.size()));
            const auto ids = vocabulary.encode(contents->file.text(begin, end - begin));
            require<FormatError>(ids.size() == to.size(), "TextFile: '{}' was changed while it was in use",
                                 contents->file.name());
            std::copy(ids.begin(), ids.end(), to.begin());
          }};
}

}  // namespace recur
