#include <recur/io/hdf5.h>

#include <recur/io/hdf5_cursor.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>

namespace recur {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view magic = "\x89HDF\r\n\x1A\n"sv;

using hdf5::Cursor;

/// Goes through the groups of a file.
class Walker {
 public:
  Walker(const std::string& bytes, const std::string& name, std::vector<Hdf5File::Object>& objects)
      : bytes_(bytes), name_(name), objects_(objects) {}

  void walk() {
    check(bytes_.starts_with(magic), 0, "no HDF5 file, or one behind a user block; write it again without");
    Cursor cursor = at(8, 88);
    const int version = cursor.number<std::uint8_t>();
    check(version == 0, 8,
          "an HDF5 file of the new layout (superblock {}); write it again with h5py's default, libver='earliest'",
          version);
    cursor.skip(4);
    check(cursor.number<std::uint8_t>() == 8 && cursor.number<std::uint8_t>() == 8, 13,
          "offsets or lengths are not 8 bytes");
    cursor.skip(9);
    check(cursor.number<std::uint64_t>() == 0, 24, "the base address is not 0 (a user block)");
    cursor.skip(8);
    check(cursor.number<std::uint64_t>() <= bytes_.size(), 40, "the file is cut short");
    cursor.skip(8 + 8);
    (void)visit(cursor.number<std::uint64_t>(), 0);
  }

 private:
  template <class... Args>
  void check(bool condition, std::uint64_t offset, fmt::format_string<Args...> message, Args&&... args) const {
    if (condition) return;
    fail<FormatError>("Hdf5File: '{}', byte {}: {}", name_, offset,
                      fmt::vformat(message, fmt::make_format_args(args...)));
  }
  [[nodiscard]] Cursor at(std::uint64_t offset, std::uint64_t count) const {
    check(offset <= bytes_.size() && count <= bytes_.size() - offset, offset,
          "{} bytes are expected here, the file has {}", count, bytes_.size());
    return {std::string_view(bytes_).substr(offset, count), name_, offset};
  }
  [[nodiscard]] Cursor from(std::uint64_t offset) const {
    return at(offset, bytes_.size() - std::min<std::uint64_t>(offset, bytes_.size()));
  }

  // Reads an object and those below it. Returns its place.
  std::uint32_t visit(std::uint64_t header, int depth) {
    check(depth <= 64, header, "groups are nested more than 64 levels");
    check(visited_.insert(header).second, header, "an object is linked twice, or in a circle");
    const auto place = static_cast<std::uint32_t>(objects_.size());
    objects_.emplace_back();
    std::optional<std::pair<std::uint64_t, std::uint64_t>> table;
    read_header(header, place, table);
    if (!table) {
      check(!objects_[place].space.empty() && !objects_[place].layout.empty() && !objects_[place].type.empty(), header,
            "an object that is neither a group of the old style nor a data set");
      objects_[place].is_dataset = true;
      return place;
    }
    read_tree(table->first, table->second, place, depth, 9);
    return place;
  }

  void read_header(std::uint64_t header, std::uint32_t place,
                   std::optional<std::pair<std::uint64_t, std::uint64_t>>& table) {
    Cursor cursor = from(header);
    check(cursor.number<std::uint8_t>() == 1, header,
          "an object header of another version; write the file with libver='earliest'");
    cursor.skip(1);
    int messages = cursor.number<std::uint16_t>();
    check(messages <= 4096, header, "an object with {} messages, at most 4096 are read", messages);
    cursor.skip(4);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks = {{header + 16, cursor.number<std::uint32_t>()}};
    for (std::size_t i = 0; i < blocks.size() && messages > 0; ++i) {
      check(blocks.size() <= 1024, header, "an object header in more than 1024 pieces");
      Cursor block = at(blocks[i].first, blocks[i].second);
      for (; messages > 0 && block.left() >= 8; --messages) {
        const int type = block.number<std::uint16_t>();
        const std::uint64_t size = block.number<std::uint16_t>();
        const int flags = block.number<std::uint8_t>();
        block.skip(3);
        const std::string_view data = block.take(size);
        if (type == 16) {
          Cursor next(data, name_, header);
          const auto where = next.number<std::uint64_t>();
          blocks.emplace_back(where, next.number<std::uint64_t>());
        } else {
          read_message(type, flags, data, header, place, table);
        }
      }
    }
  }

  void read_message(int type, int flags, std::string_view data, std::uint64_t header, std::uint32_t place,
                    std::optional<std::pair<std::uint64_t, std::uint64_t>>& table) {
    Hdf5File::Object& object = objects_[place];
    const bool needed = type == 1 || type == 3 || type == 8 || type == 12 || type == 17;
    check(!needed || (flags & 2) == 0, header, "a shared message");
    if (type == 1) object.space = data;
    else if (type == 3) object.type = data;
    else if (type == 8) object.layout = data;
    else if (type == 7) object.refusal = "external storage: the numbers are in another file";
    else if (type == 11)
      object.refusal = "filters (gzip, shuffle, fletcher32) over chunks; write it without compression";
    else if (type == 12) read_attribute(data, object);
    else if (type == 17) {
      Cursor cursor(data, name_, header);
      const auto tree = cursor.number<std::uint64_t>();
      table = {tree, cursor.number<std::uint64_t>()};
    } else
      check(
          type != 2 && type != 6 && type != 10 && type != 21, header,
          "a group of the new style, as external links and libver='latest' make them; write it with libver='earliest'");
  }

  void read_attribute(std::string_view data, Hdf5File::Object& object) {
    Cursor cursor(data, name_, 0);
    const int version = cursor.number<std::uint8_t>();
    if (version < 1 || version > 3)
      fail<FormatError>("Hdf5File: '{}': attribute version {} is not read", name_, version);
    cursor.skip(1);
    const std::uint64_t name_size = cursor.number<std::uint16_t>();
    const std::uint64_t type_size = cursor.number<std::uint16_t>();
    const std::uint64_t space_size = cursor.number<std::uint16_t>();
    if (version == 3) cursor.skip(1);
    const auto piece = [&](std::uint64_t size) {
      const std::string_view found = cursor.take(size);
      if (version == 1) cursor.align();
      return found;
    };
    std::string name(piece(name_size));
    name.resize(std::min(name.size(), name.find('\0')));  // ends at the NUL
    const std::string_view type = piece(type_size);
    const auto sizes = hdf5::read_space(piece(space_size), name_);
    std::uint64_t count = sizes ? 1 : 0;
    if (sizes)
      for (const std::uint64_t size : *sizes)
        if (__builtin_mul_overflow(count, size, &count))
          fail<FormatError>("Hdf5File: '{}': attribute '{}' is too large", name_, name);
    object.attributes[name] = read_texts(type, cursor.rest(), count);
  }

  // The texts of an attribute; none for numbers.
  std::vector<std::string> read_texts(std::string_view type, std::string_view value, std::uint64_t count) {
    Cursor cursor(type, name_, 0);
    const int kind = cursor.number<std::uint8_t>() & 15;
    const int flags = cursor.number<std::uint8_t>();
    cursor.skip(2);
    const std::uint64_t width = cursor.number<std::uint32_t>();
    const bool variable = kind == 9 && (flags & 15) == 1;
    if (kind != 3 && !variable) return {};
    if (width == 0 || (variable && width != 16) || count > value.size() / width)
      fail<FormatError>("Hdf5File: '{}': an attribute of {} texts is cut short", name_, count);
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string_view element = value.substr(i * width, width);
      texts.emplace_back(variable ? read_variable(element) : element.substr(0, element.find('\0')));
      text_bytes_ += texts.back().size();
      if (text_bytes_ > bytes_.size())
        fail<FormatError>("Hdf5File: '{}': the attributes take more bytes than the file has", name_);
    }
    return texts;
  }

  [[nodiscard]] std::string_view read_variable(std::string_view element) const {
    Cursor cursor(element, name_, 0);
    const std::uint64_t length = cursor.number<std::uint32_t>();
    const auto heap = cursor.number<std::uint64_t>();
    const auto index = cursor.number<std::uint32_t>();
    if (length == 0 || heap == 0) return {};
    Cursor collection = at(heap, 16);
    check(collection.take(4) == "GCOL" && collection.number<std::uint8_t>() == 1, heap, "no global heap");
    collection.skip(3);
    const auto size = collection.number<std::uint64_t>();
    check(size >= 16, heap, "a global heap of {} bytes", size);
    Cursor objects = at(heap, size);
    objects.skip(16);
    while (objects.left() >= 16) {
      const std::uint32_t found = objects.number<std::uint16_t>();
      objects.skip(6);
      const auto bytes = objects.number<std::uint64_t>();
      if (found == 0) break;
      const std::string_view data = objects.take(bytes);
      if (found == index) {
        check(length <= data.size(), heap, "a text of {} bytes in {}", length, data.size());
        return data.substr(0, length);
      }
      objects.align();
    }
    check(false, heap, "the global heap has no object {}", index);
    return {};
  }

  void read_tree(std::uint64_t tree, std::uint64_t heap, std::uint32_t group, int depth, int above) {
    Cursor cursor = from(tree);
    check(cursor.take(4) == "TREE" && cursor.number<std::uint8_t>() == 0, tree, "no tree of a group");
    const int level = cursor.number<std::uint8_t>();
    check(level < above, tree, "the levels of a tree do not fall");
    const int entries = cursor.number<std::uint16_t>();
    cursor.skip(16);
    for (int i = 0; i < entries; ++i) {
      cursor.skip(8);
      const auto child = cursor.number<std::uint64_t>();
      check(++nodes_ <= 200'000, tree, "more than 200,000 nodes of trees");
      if (level > 0) read_tree(child, heap, group, depth, level);
      else read_symbols(child, heap, group, depth);
    }
  }

  void read_symbols(std::uint64_t node, std::uint64_t heap, std::uint32_t group, int depth) {
    Cursor cursor = from(node);
    check(cursor.take(4) == "SNOD" && cursor.number<std::uint8_t>() == 1, node, "no node of symbols");
    cursor.skip(1);
    const int count = cursor.number<std::uint16_t>();
    for (int i = 0; i < count; ++i) {
      check(++links_ <= 100'000, node, "more than 100,000 links");
      const std::string name = read_name(heap, cursor.number<std::uint64_t>());
      const auto header = cursor.number<std::uint64_t>();
      const auto cache = cursor.number<std::uint32_t>();
      cursor.skip(20);
      check(cache != 2 && header != hdf5::undefined, node, "'{}' is a soft link, which is not followed", name);
      check(!name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos, node,
            "the name '{}' of a link", name);
      const std::uint32_t child = visit(header, depth + 1);
      check(objects_[group].children.emplace(name, child).second, node, "two links are named '{}'", name);
    }
  }

  [[nodiscard]] std::string read_name(std::uint64_t heap, std::uint64_t offset) const {
    Cursor cursor = at(heap, 32);
    check(cursor.take(4) == "HEAP" && cursor.number<std::uint8_t>() == 0, heap, "no local heap");
    cursor.skip(3);
    const auto size = cursor.number<std::uint64_t>();
    cursor.skip(8);
    const auto segment = cursor.number<std::uint64_t>();
    check(offset < size, heap, "a name lies outside the heap");
    Cursor text = at(segment, size);
    text.skip(offset);
    const auto end = text.rest().find('\0');
    check(end != std::string_view::npos, segment, "a name without an end");
    return std::string(text.rest().substr(0, end));
  }

  const std::string& bytes_;
  const std::string& name_;
  std::vector<Hdf5File::Object>& objects_;
  std::set<std::uint64_t> visited_;
  std::uint64_t text_bytes_ = 0;
  int links_ = 0;
  int nodes_ = 0;
};

std::string whole(const std::filesystem::path& path) {
  std::error_code error;
  require<FormatError>(std::filesystem::is_regular_file(path, error), "Hdf5File: '{}' {}", path.string(),
                       std::filesystem::exists(path, error) ? "is not a file" : "does not exist");
  constexpr std::uintmax_t largest = std::uintmax_t{4} << 30U;
  const std::uintmax_t size = std::filesystem::file_size(path);
  require<FormatError>(size <= largest, "Hdf5File: '{}' has {} bytes, at most {} are read", path.string(), size,
                       largest);
  std::string bytes(size, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  require<FormatError>(file.good(), "Hdf5File: '{}' cannot be read", path.string());
  return bytes;
}

}  // namespace

Hdf5File::Hdf5File(const std::filesystem::path& path) : Hdf5File(whole(path), path.string()) {}

Hdf5File::Hdf5File(std::string bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {
  Walker(bytes_, name_, objects_).walk();
}

const Hdf5File::Object* Hdf5File::find(const Object& from, std::string_view path) const {
  const Object* object = &from;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto child = object->children.find(std::string(path.substr(0, slash)));
    if (child == object->children.end()) return nullptr;
    object = &objects_[child->second];
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return object;
}

}  // namespace recur
