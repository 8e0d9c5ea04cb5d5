#include <recur/interop/torch/torch_file.h>

#include <recur/io/zip_file.h>

#include <cstring>

namespace recur::interop {
namespace {

/// Writes the pickle of an OrderedDict of tensors, by the few opcodes that PyTorch's own restricted reader knows.
class PickleWriter {
 public:
  std::string write(const std::vector<NamedTensor>& tensors) {
    bytes_ = "\x80\x02";
    global("collections\nOrderedDict\n");
    bytes_ += ")R(";
    for (std::size_t i = 0; i < tensors.size(); ++i) tensor(tensors[i], i);
    bytes_ += "u.";
    return std::move(bytes_);
  }

 private:
  void global(const char* name) { bytes_ += std::string("c") + name; }
  void text(const std::string& value) {
    const auto length = static_cast<std::uint32_t>(value.size());
    bytes_ += 'X';
    raw(length);
    bytes_ += value;
  }
  template <class T>
  void raw(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    bytes_.append(bytes, sizeof(T));
  }
  void integer(Index value) {
    if (value < 256) {
      bytes_ += 'K';
      raw(static_cast<std::uint8_t>(value));
    } else if (value < (Index{1} << 31)) {
      bytes_ += 'J';
      raw(static_cast<std::int32_t>(value));
    } else {
      bytes_ += "\x8A\x08";
      raw(static_cast<std::int64_t>(value));
    }
  }
  void tensor(const NamedTensor& named, std::size_t key) {
    const Shape& shape = named.value.shape();
    text(named.name);
    global("torch._utils\n_rebuild_tensor_v2\n");
    bytes_ += "((";
    text("storage");
    global(named.value.dtype() == DType::float64 ? "torch\nDoubleStorage\n" : "torch\nFloatStorage\n");
    text(std::to_string(key));
    text("cpu");
    integer(named.value.size());
    bytes_ += "tQK";
    bytes_ += '\0';  // offset 0
    bytes_ += '(';
    for (int axis = 0; axis < shape.rank(); ++axis) integer(shape[axis]);
    bytes_ += "t(";
    for (int axis = 0; axis < shape.rank(); ++axis) {
      Index stride = 1;
      for (int inner = axis + 1; inner < shape.rank(); ++inner) stride *= shape[inner];
      integer(stride);
    }
    bytes_ += "t\x89";
    global("collections\nOrderedDict\n");
    bytes_ += ")RtR";
  }

  std::string bytes_;
};

}  // namespace

void save_torch(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors) {
  ZipWriter zip;
  zip.add("archive/data.pkl", PickleWriter().write(tensors));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Array& array = tensors[i].value;
    const auto* const bytes = static_cast<const char*>(array.data());
    zip.add("archive/data/" + std::to_string(i),
            std::string(bytes, static_cast<std::size_t>(array.size()) * size_of(array.dtype())));
  }
  zip.add("archive/version", "3\n");
  zip.add("archive/byteorder", "little");
  zip.commit(path);
}

}  // namespace recur::interop
