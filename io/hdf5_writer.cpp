#include <recur/io/atomic_file.h>
#include <recur/io/hdf5.h>

#include <cstring>

namespace recur {

using namespace std::string_view_literals;

/// A group, or a data set where there is an array.
struct Hdf5Writer::Node {
  struct Attribute {
    std::string name;
    bool list = false;
    std::vector<std::string> texts;
    std::uint32_t heap_index = 0;  // of a text in the global heap
  };
  std::map<std::string, Node> children;
  std::vector<Attribute> attributes;
  const Array* array = nullptr;

  Node& at(const std::string& path) {
    if (path.empty()) return *this;
    const auto slash = path.find('/');
    Node& child = children[path.substr(0, slash)];
    return slash == std::string::npos ? child : child.at(path.substr(slash + 1));
  }
  [[nodiscard]] std::size_t most_children() const {
    std::size_t most = children.size();
    for (const auto& [name, child] : children) most = std::max(most, child.most_children());
    return most;
  }
};

namespace {

constexpr std::size_t largest_attribute = 64512;
constexpr std::uint64_t undefined = ~std::uint64_t{0};

class Bytes {
 public:
  template <class T>
  Bytes& number(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    text_.append(raw, sizeof(T));
    return *this;
  }
  Bytes& text(std::string_view value) {
    text_.append(value);
    return *this;
  }
  Bytes& align() {
    text_.resize((text_.size() + 7) / 8 * 8, '\0');
    return *this;
  }
  Bytes& fill(std::size_t size) {
    text_.resize(size, '\0');
    return *this;
  }
  [[nodiscard]] std::uint64_t size() const { return text_.size(); }
  [[nodiscard]] const std::string& str() const { return text_; }
  std::string& str() { return text_; }

 private:
  std::string text_;
};

std::string space_message(std::span<const Index> sizes) {
  Bytes message;
  message.number<std::uint8_t>(1).number(static_cast<std::uint8_t>(sizes.size())).number<std::uint8_t>(0).fill(8);
  for (const Index size : sizes) message.number(static_cast<std::uint64_t>(size));
  return std::move(message.str());
}

std::string_view real_type(DType dtype) {
  return dtype == DType::float64 ? "\x11\x20\x3F\x00\x08\x00\x00\x00\x00\x00\x40\x00\x34\x0B\x00\x34\xFF\x03\x00\x00"sv
                                 : "\x11\x20\x1F\x00\x04\x00\x00\x00\x00\x00\x20\x00\x17\x08\x00\x17\x7F\x00\x00\x00"sv;
}
constexpr auto text_type = "\x19\x01\x01\x00\x10\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x08\x00"sv;

std::string message(std::uint16_t type, std::string_view data) {
  Bytes bytes;
  bytes.number(type)
      .number(static_cast<std::uint16_t>((data.size() + 7) / 8 * 8))
      .number<std::uint32_t>(0)
      .text(data)
      .align();
  return std::move(bytes.str());
}

std::string object_header(const std::vector<std::string>& messages) {
  Bytes header;
  std::size_t size = 0;
  for (const std::string& one : messages) size += one.size();
  header.number<std::uint8_t>(1)
      .number<std::uint8_t>(0)
      .number(static_cast<std::uint16_t>(messages.size()))
      .number<std::uint32_t>(1);
  header.number(static_cast<std::uint32_t>(size)).number<std::uint32_t>(0);
  for (const std::string& one : messages) header.text(one);
  return std::move(header.str());
}

std::string attribute_message(const std::string& name, std::string_view type, const std::string& space,
                              std::string_view value) {
  Bytes data;
  data.number<std::uint8_t>(1).number<std::uint8_t>(0).number(static_cast<std::uint16_t>(name.size() + 1));
  data.number(static_cast<std::uint16_t>(type.size())).number(static_cast<std::uint16_t>(space.size()));
  data.text(name).number<std::uint8_t>(0).align().text(type).align().text(space).align().text(value);
  return message(12, data.str());
}

}  // namespace

namespace {

/// Writes the tree of nodes, children before parents.
template <class Node>
class Layout {
 public:
  explicit Layout(Node& root) : leaf_(std::max<std::size_t>(4, (root.most_children() + 1) / 2)) {
    out_.fill(96);
    collect_texts(root);
    write_heap();
    const std::uint64_t header = write(root);
    Bytes superblock;
    superblock.text("\x89HDF\r\n\x1A\n"sv)
        .number<std::uint32_t>(0)
        .number<std::uint8_t>(0)
        .number<std::uint8_t>(8)
        .number<std::uint8_t>(8);
    superblock.number<std::uint8_t>(0)
        .number(static_cast<std::uint16_t>(leaf_))
        .number<std::uint16_t>(16)
        .number<std::uint32_t>(0);
    superblock.number<std::uint64_t>(0).number(undefined).number(out_.size()).number(undefined);
    superblock.number<std::uint64_t>(0).number(header).fill(96);
    out_.str().replace(0, 96, superblock.str());
  }
  std::string take() { return std::move(out_.str()); }

 private:
  void collect_texts(Node& node) {
    for (auto& attribute : node.attributes) {
      if (attribute.list) continue;
      texts_.push_back(attribute.texts.front());
      attribute.heap_index = static_cast<std::uint32_t>(texts_.size());
    }
    for (auto& [name, child] : node.children) collect_texts(child);
  }

  // One global heap holds all texts.
  void write_heap() {
    if (texts_.empty()) return;
    require<ValueError>(texts_.size() < 65535, "Hdf5Writer: {} texts are too many", texts_.size());
    Bytes objects;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      objects.number(static_cast<std::uint16_t>(i + 1)).number<std::uint16_t>(1).number<std::uint32_t>(0);
      objects.number(static_cast<std::uint64_t>(texts_[i].size())).text(texts_[i]).align();
    }
    const std::uint64_t size = std::max<std::uint64_t>(4096, objects.size() + 32);
    heap_ = out_.size();
    out_.text("GCOL").number<std::uint32_t>(1).number(size).text(objects.str());
    const std::uint64_t free = heap_ + size - out_.size();
    out_.number<std::uint64_t>(0).number(free).fill(heap_ + size);
  }

  std::string attribute(const typename Node::Attribute& a) const {
    if (!a.list) {
      Bytes value;
      value.number(static_cast<std::uint32_t>(a.texts.front().size()))
          .number(a.texts.front().empty() ? 0 : heap_)
          .number(a.heap_index);
      return attribute_message(a.name, text_type, space_message({}), value.str());
    }
    const auto count = static_cast<Index>(a.texts.size());
    // h5py makes an empty list an array of doubles.
    if (count == 0)
      return attribute_message(a.name, real_type(DType::float64), space_message(std::span(&count, 1)), "");
    std::size_t width = 1;
    for (const std::string& text : a.texts) width = std::max(width, text.size());
    Bytes type;
    type.text("\x13\x01\x00\x00"sv).number(static_cast<std::uint32_t>(width));
    Bytes value;
    for (const std::string& text : a.texts) value.text(text).fill(value.size() - text.size() + width);
    return attribute_message(a.name, type.str(), space_message(std::span(&count, 1)), value.str());
  }

  std::uint64_t put(std::string_view bytes) {
    out_.align();
    const std::uint64_t at = out_.size();
    out_.text(bytes);
    return at;
  }

  std::uint64_t write(const Node& node) {
    std::vector<std::string> messages;
    if (node.array != nullptr) messages = dataset_messages(*node.array);
    else messages.push_back(message(17, group_table(node)));
    for (const auto& one : node.attributes) messages.push_back(attribute(one));
    return put(object_header(messages));
  }

  std::vector<std::string> dataset_messages(const Array& array) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(array.size()) * size_of(array.dtype());
    const std::uint64_t at = bytes == 0 ? undefined : put({static_cast<const char*>(array.data()), bytes});
    Bytes layout;
    layout.number<std::uint8_t>(3).number<std::uint8_t>(1).number(at).number(bytes);
    Bytes fill;  // version 2, written late, never, undefined
    fill.number<std::uint8_t>(2).number<std::uint8_t>(2).number<std::uint8_t>(2).number<std::uint8_t>(0);
    return {message(1, space_message(array.shape().sizes())), message(3, real_type(array.dtype())),
            message(5, fill.str()), message(8, layout.str())};
  }

  // The names, the links and the tree of a group; returns the message that refers to them.
  std::string group_table(const Node& node) {
    Bytes names;
    names.fill(8);
    Bytes symbols;
    symbols.text("SNOD").number<std::uint8_t>(1).number<std::uint8_t>(0).number(
        static_cast<std::uint16_t>(node.children.size()));
    std::uint64_t last = 0;
    for (const auto& [name, child] : node.children) {
      last = names.size();
      const std::uint64_t header = write(child);
      symbols.number(last).number(header).fill(symbols.size() + 24);
      names.text(name);
      names.number<std::uint8_t>(0).align();
    }
    symbols.fill(8 + 80 * leaf_);
    const std::uint64_t segment = put(names.str());
    Bytes heap;
    heap.text("HEAP").number<std::uint32_t>(0).number(names.size()).number<std::uint64_t>(1).number(segment);
    const std::uint64_t heap_at = put(heap.str());
    const std::uint64_t symbols_at = put(symbols.str());
    Bytes tree;
    tree.text("TREE").number<std::uint8_t>(0).number<std::uint8_t>(0).number(
        static_cast<std::uint16_t>(node.children.empty() ? 0 : 1));
    tree.number(undefined).number(undefined).number<std::uint64_t>(0).number(symbols_at).number(last).fill(544);
    Bytes table;
    table.number(put(tree.str())).number(heap_at);
    return std::move(table.str());
  }

  std::size_t leaf_;
  Bytes out_;
  std::vector<std::string> texts_;
  std::uint64_t heap_ = 0;
};

}  // namespace

Hdf5Writer::Hdf5Writer() : root_(std::make_unique<Node>()) {}
Hdf5Writer::~Hdf5Writer() = default;

void Hdf5Writer::group(const std::string& path) { (void)root_->at(path); }

void Hdf5Writer::dataset(const std::string& path, const Array& array) {
  Node& node = root_->at(path);
  require<ValueError>(node.array == nullptr && node.children.empty(), "Hdf5Writer: '{}' is there already", path);
  node.array = &array;
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, std::string text) {
  root_->at(path).attributes.push_back({name, false, {std::move(text)}, 0});
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, const std::vector<std::string>& list) {
  std::size_t width = 1;
  for (const std::string& text : list) width = std::max(width, text.size());
  const std::size_t most = std::max<std::size_t>(1, largest_attribute / width);
  Node& node = root_->at(path);
  if (list.size() <= most) return node.attributes.push_back({name, true, list, 0});
  for (std::size_t i = 0, part = 0; i < list.size(); i += most, ++part)
    node.attributes.push_back({name + std::to_string(part),
                               true,
                               {list.begin() + static_cast<std::ptrdiff_t>(i),
                                list.begin() + static_cast<std::ptrdiff_t>(std::min(i + most, list.size()))},
                               0});
}

std::string Hdf5Writer::bytes() const { return Layout<Node>(*root_).take(); }

void Hdf5Writer::commit(const std::filesystem::path& path) const {
  AtomicFile file(path);
  file.write(bytes());
  file.commit();
}

}  // namespace recur
