#include <recur/interop/torch/torch_file.h>

#include <recur/interop/internal/bytes.h>
#include <recur/interop/torch/pickle.h>
#include <recur/io/half.h>
#include <recur/io/zip_file.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

namespace recur::interop {
namespace {

using Kind = PickleNode::Kind;

/// Bytes of storages by key.
using Storages = std::map<std::string, std::string>;

double number_at(const char* bytes, TorchType type) {
  const auto read = [&](auto value) {
    std::memcpy(&value, bytes, sizeof value);
    return value;
  };
  switch (type) {
    case TorchType::f64:
      return read(0.0);
    case TorchType::f16:
      return from_half(read(std::uint16_t{0}));
    case TorchType::bf16:
      return std::bit_cast<float>(std::uint32_t{read(std::uint16_t{0})} << 16U);
    default:
      return read(0.0F);
  }
}

bool is_real(TorchType type) { return type <= TorchType::bf16; }

class StateDictMaker {
 public:
  StateDictMaker(const Pickle& pickle, const Storages& storages, std::uint64_t file_size, std::string where)
      : pickle_(pickle), storages_(storages), left_(8 * file_size), where_(std::move(where)) {}

  StateDict make() {
    std::set<std::string> names;
    for (const auto& [name, place] : entries()) {
      const PickleNode& value = pickle_[place];
      require<FormatError>(names.insert(name).second, "{}: two tensors are named '{}'", where_, name);
      if (value.kind != Kind::tensor) result_.notes.push_back(fmt::format("'{}' is no tensor and was left out", name));
      else if (!is_real(value.type)) result_.notes.push_back(fmt::format("'{}' holds integers and was left out", name));
      else result_.tensors.push_back({name, materialize(name, value)});
    }
    return std::move(result_);
  }

 private:
  // What the file holds, by name; a list by the places in it.
  std::vector<std::pair<std::string, std::uint32_t>> entries() {
    std::vector<std::pair<std::string, std::uint32_t>> result;
    const PickleNode& root = pickle_[pickle_.root];
    const bool list = root.kind == Kind::list || root.kind == Kind::tuple;
    const bool any = std::any_of(root.items.begin(), root.items.end(),
                                 [&](std::uint32_t place) { return pickle_[place].kind == Kind::tensor; });
    if (list && any) {
      for (const std::uint32_t place : root.items) result.emplace_back(std::to_string(result.size()), place);
      return result;
    }
    const PickleNode& dict = find_state_dict();
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleNode& key = pickle_[dict.items[i]];
      result.emplace_back(key.kind == Kind::text ? key.text : std::to_string(key.integer), dict.items[i + 1]);
    }
    return result;
  }

  // Whether a dict holds tensors, and no more than a few other things beside them.
  [[nodiscard]] bool holds_tensors(const PickleNode& node) const {
    std::size_t tensors = 0;
    for (std::size_t i = 1; i < node.items.size(); i += 2)
      tensors += pickle_[node.items[i]].kind == Kind::tensor ? 1U : 0U;
    return node.kind == Kind::dict && tensors > 0 && 2 * tensors == node.items.size();
  }

  [[nodiscard]] bool has_tensor(const PickleNode& node) const {
    for (std::size_t i = 1; i < node.items.size(); i += 2)
      if (pickle_[node.items[i]].kind == Kind::tensor) return true;
    return false;
  }

  const PickleNode& find_state_dict() {
    const PickleNode& root = pickle_[pickle_.root];
    require<FormatError>(root.kind == Kind::dict, "{}: the file holds no dict of tensors; save model.state_dict()",
                         where_);
    if (holds_tensors(root)) return root;
    std::string keys;
    const PickleNode* found = nullptr;
    std::size_t best = ~std::size_t{0};
    constexpr std::string_view usual[] = {"state_dict", "model_state_dict", "model", "net", "model_state", "weights"};
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const std::string& key = pickle_[root.items[i]].text;
      keys += (keys.empty() ? "" : ", ") + key;
      if (!holds_tensors(pickle_[root.items[i + 1]])) continue;
      const auto rank =
          static_cast<std::size_t>(std::find(std::begin(usual), std::end(usual), key) - std::begin(usual));
      if (rank >= std::size(usual) || rank >= best) continue;
      best = rank;
      found = &pickle_[root.items[i + 1]];
      describe(root, key);
    }
    if (found == nullptr && has_tensor(root)) return root;
    require<FormatError>(
        found != nullptr,
        "{}: there is no dict of tensors under one of the usual keys (state_dict, model_state_dict, model, "
        "net, model_state, weights); the file has: {}",
        where_, keys);
    return *found;
  }

  void describe(const PickleNode& root, const std::string& chosen) {
    result_.notes = {fmt::format("the tensors are those under '{}'", chosen)};
    for (std::size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const std::string& key = pickle_[root.items[i]].text;
      const PickleNode& value = pickle_[root.items[i + 1]];
      if (key == chosen) continue;
      if (value.kind == Kind::integer) result_.notes.push_back(fmt::format("{}: {}", key, value.integer));
      else if (value.kind == Kind::real) result_.notes.push_back(fmt::format("{}: {}", key, value.real));
      else result_.notes.push_back(fmt::format("'{}' was left out", key));
    }
  }

  [[nodiscard]] std::string_view storage_of(const std::string& name, const PickleNode& tensor) const {
    const PickleNode& storage = pickle_[tensor.items[0]];
    const auto at = storages_.find(storage.text);
    require<FormatError>(at != storages_.end(), "{}: tensor '{}': there is no storage '{}'", where_, name,
                         storage.text);
    const auto width = static_cast<std::uint64_t>(size_of(storage.type));
    require<FormatError>(static_cast<std::uint64_t>(storage.integer) <= at->second.size() / width &&
                             static_cast<std::uint64_t>(storage.integer) * width == at->second.size(),
                         "{}: tensor '{}': storage '{}' has {} bytes, {} elements are said to be in it", where_, name,
                         storage.text, at->second.size(), storage.integer);
    return at->second;
  }

  // Checks that a view lies within its storage, and returns its number of elements.
  std::uint64_t check_extent(const std::string& name, const PickleNode& tensor, std::uint64_t elements) {
    const std::size_t rank = (tensor.extent.size() - 1) / 2;
    require<FormatError>(rank <= Shape::max_rank, "{}: tensor '{}' has {} axes, at most {} are supported", where_, name,
                         rank, Shape::max_rank);
    std::uint64_t count = 1;
    auto last = static_cast<std::uint64_t>(tensor.extent[0]);
    bool within = tensor.extent[0] >= 0;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const auto size = static_cast<std::uint64_t>(tensor.extent[1 + axis]);
      if (size == 0) return 0;
      std::uint64_t reach = 0;
      within = within && !__builtin_mul_overflow(size - 1, tensor.extent[1 + rank + axis], &reach) &&
               !__builtin_add_overflow(last, reach, &last);
      require<FormatError>(!__builtin_mul_overflow(count, size, &count) && count <= left_ / sizeof(float),
                           "{}: tensor '{}': the tensors take more than eight times the bytes of the file", where_,
                           name);
    }
    require<FormatError>(within && last < elements, "{}: tensor '{}' reaches beyond its storage of {} elements", where_,
                         name, elements);
    left_ -= count * sizeof(float);
    return count;
  }

  Array materialize(const std::string& name, const PickleNode& tensor) {
    const std::string_view bytes = storage_of(name, tensor);
    const auto width = static_cast<std::size_t>(size_of(tensor.type));
    const std::size_t rank = (tensor.extent.size() - 1) / 2;
    const std::uint64_t count = check_extent(name, tensor, bytes.size() / width);
    std::vector<double> numbers(count);
    std::vector<std::int64_t> index(rank, 0);
    for (double& number : numbers) {
      std::size_t place = static_cast<std::size_t>(tensor.extent[0]);
      for (std::size_t axis = 0; axis < rank; ++axis)
        place += static_cast<std::size_t>(index[axis] * tensor.extent[1 + rank + axis]);
      number = number_at(bytes.data() + place * width, tensor.type);
      for (std::size_t axis = rank; axis-- > 0;) {
        if (++index[axis] < tensor.extent[1 + axis]) break;
        index[axis] = 0;
      }
    }
    std::vector<Index> sizes(tensor.extent.begin() + 1, tensor.extent.begin() + 1 + static_cast<std::ptrdiff_t>(rank));
    Array array(Shape(sizes), tensor.type == TorchType::f64 ? DType::float64 : DType::float32);
    array.assign(numbers);
    return array;
  }

  const Pickle& pickle_;
  const Storages& storages_;
  std::uint64_t left_;  // bytes that tensors may still take
  std::string where_;
  StateDict result_;
};

StateDict load_zip(const std::filesystem::path& path, const std::string& where) {
  const ZipFile zip(path);
  const std::uint64_t file_size = std::filesystem::file_size(path);
  std::string top;
  std::uint64_t total = 0;
  for (const std::string& name : zip.names())
    if (name.ends_with("/data.pkl")) {
      require<FormatError>(top.empty(), "{}: two members are named data.pkl", where);
      top = name.substr(0, name.size() - std::strlen("data.pkl"));
    }
  require<FormatError>(!top.empty(), "{}: a zip archive without data.pkl is no file of torch.save", where);
  Storages storages;
  for (const std::string& name : zip.names()) {
    require<FormatError>(name != top + "constants.pkl" && !name.starts_with(top + "code/"),
                         "{}: a TorchScript archive, which is a program; save model.state_dict()", where);
  }
  for (const std::string& name : zip.names()) {
    require<FormatError>(zip.stored(name), "{}: member '{}' is compressed, which torch.save never does", where, name);
    if (!name.starts_with(top + "data/")) continue;
    std::string bytes = zip.read(name, file_size);
    total += bytes.size();
    require<FormatError>(total <= file_size, "{}: the members are larger than the file", where);
    storages.emplace(name.substr(top.size() + std::strlen("data/")), std::move(bytes));
  }
  if (zip.contains(top + "byteorder"))
    require<FormatError>(zip.read(top + "byteorder", 16) == "little", "{}: big-endian tensors are not supported",
                         where);
  const Pickle pickle = read_pickle(zip.read(top + "data.pkl", file_size), where);
  StateDict result = StateDictMaker(pickle, storages, file_size, where).make();
  result.format = "PyTorch state dict (zip)";
  return result;
}

// A stream of five pickles and the storages.
StateDict load_stream(const std::filesystem::path& path, const std::string& where) {
  const std::string file = read_whole_file(path, where);
  std::string_view rest = std::string_view(file).substr(torch_stream_magic().size());
  const auto next = [&] {
    Pickle pickle = read_pickle(rest, where);
    rest.remove_prefix(pickle.size);
    return pickle;
  };
  const Pickle version = next();
  require<FormatError>(version[version.root].integer == 1001,
                       "{}: protocol {} of torch.save is not supported (1001 is)", where,
                       version[version.root].integer);
  const Pickle system = next();
  const PickleNode& info = system[system.root];
  for (std::size_t i = 0; i + 1 < info.items.size(); i += 2)
    require<FormatError>(system[info.items[i]].text != "little_endian" || system[info.items[i + 1]].integer == 1,
                         "{}: big-endian tensors are not supported", where);
  const Pickle object = next();
  const Pickle keys = next();
  std::map<std::string, std::uint64_t> widths;
  for (const PickleNode& node : object.nodes)
    if (node.kind == Kind::storage) widths[node.text] = static_cast<std::uint64_t>(size_of(node.type));
  Storages storages;
  for (const std::uint32_t place : keys[keys.root].items) {
    const std::string& key = keys[place].text;
    const auto width = widths.find(key);
    require<FormatError>(width != widths.end() && !storages.contains(key),
                         "{}: storage '{}' is not used, or listed twice", where, key);
    require<FormatError>(rest.size() >= 8, "{}: the file is cut short before storage '{}'", where, key);
    std::uint64_t count = 0;
    std::memcpy(&count, rest.data(), 8);
    rest.remove_prefix(8);
    require<FormatError>(count <= rest.size() / width->second, "{}: storage '{}' of {} elements is cut short", where,
                         key, count);
    storages.emplace(key, rest.substr(0, count * width->second));
    rest.remove_prefix(count * width->second);
  }
  require<FormatError>(rest.empty(), "{}: {} bytes follow the last storage", where, rest.size());
  StateDict result = StateDictMaker(object, storages, file.size(), where).make();
  result.format = "PyTorch state dict (before 1.6)";
  return result;
}

}  // namespace

std::string_view torch_stream_magic() {
  using namespace std::string_view_literals;
  return "\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19\x2E"sv;
}

StateDict load_torch(const std::filesystem::path& path) {
  const std::string where = fmt::format("load_torch: '{}'", path.string());
  const std::string begin = read_file_begin(path, 512, where);
  if (begin.starts_with("PK\x03\x04")) return load_zip(path, where);
  if (begin.starts_with(torch_stream_magic())) return load_stream(path, where);
  require<FormatError>(begin.find("ustar") == std::string::npos,
                       "{}: a tar archive of PyTorch before 0.1.10; save state_dict() with a newer one", where);
  fail<FormatError>("{}: not a file of torch.save", where);
}

}  // namespace recur::interop
