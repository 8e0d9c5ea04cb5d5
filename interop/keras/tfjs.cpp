#include <recur/interop/internal/assembly.h>
#include <recur/interop/internal/bytes.h>
#include <recur/interop/keras/keras_config.h>
#include <recur/interop/keras/keras_files.h>

#include <algorithm>
#include <cstring>

namespace recur::interop {
namespace {

// The bytes of all shards of a group of weights.
std::string read_shards(const Json& group, const std::filesystem::path& folder, const std::string& where) {
  const auto paths = group.find("paths");
  require<FormatError>(paths != group.end() && paths->is_array() && paths->size() <= 10'000,
                       "{}: a group of weights without \"paths\"", where);
  std::string bytes;
  for (const Json& path : *paths) {
    require<FormatError>(path.is_string(), "{}: a path of weights is no text", where);
    const std::filesystem::path own = path.get<std::string>();
    const bool inside = own.is_relative() && std::find(own.begin(), own.end(), "..") == own.end() && !own.empty();
    require<FormatError>(inside, "{}: the path '{}' of weights leaves the folder of the model", where, own.string());
    bytes += read_whole_file(folder / own, where + ": weights '" + own.string() + "'");
  }
  return bytes;
}

// Takes a weight from the front of the bytes.
NamedTensor take_weight(const Json& entry, std::string_view& bytes, const std::string& where) {
  const std::string name = read_string(entry, "name", where);
  require<FormatError>(!entry.contains("quantization"),
                       "{}: weight '{}' is quantized; convert the model without quantization", where, name);
  const std::string type = read_string(entry, "dtype", where);
  require<FormatError>(type == "float32", "{}: weight '{}' is of {}, only float32 is read", where, name, type);
  const auto shape = entry.find("shape");
  require<FormatError>(shape != entry.end() && shape->is_array() && shape->size() <= Shape::max_rank,
                       "{}: weight '{}' has no shape, or more than 5 axes", where, name);
  std::vector<Index> sizes;
  std::uint64_t count = 1;
  for (const Json& size : *shape) {
    require<FormatError>(size.is_number_unsigned() && size.get<std::uint64_t>() <= bytes.size(),
                         "{}: weight '{}' of shape {} is larger than the file", where, name, shape->dump());
    sizes.push_back(size.get<Index>());
    require<FormatError>(!__builtin_mul_overflow(count, size.get<std::uint64_t>(), &count),
                         "{}: weight '{}' is too large", where, name);
  }
  require<FormatError>(count <= bytes.size() / sizeof(float), "{}: weight '{}' of shape {} is cut short", where, name,
                       shape->dump());
  Array array(Shape(sizes), DType::float32);
  std::memcpy(array.data(), bytes.data(), count * sizeof(float));
  bytes.remove_prefix(count * sizeof(float));
  return {name, std::move(array)};
}

std::vector<NamedTensor> read_weights(const Json& manifest, const std::filesystem::path& folder,
                                      const std::string& where) {
  require<FormatError>(manifest.is_array(), "{}: \"weightsManifest\" is no list", where);
  std::vector<NamedTensor> tensors;
  for (const Json& group : manifest) {
    const std::string bytes = read_shards(group, folder, where);
    std::string_view rest = bytes;
    require<FormatError>(group.contains("weights") && group["weights"].is_array(), "{}: a group without \"weights\"",
                         where);
    for (const Json& entry : group["weights"]) tensors.push_back(take_weight(entry, rest, where));
    require<FormatError>(rest.empty(), "{}: {} bytes of weights belong to no weight", where, rest.size());
  }
  return tensors;
}

}  // namespace

ModelDescription load_tfjs(const std::filesystem::path& path) {
  const std::string where = fmt::format("load_tfjs: '{}'", path.string());
  const Json json = parse_json(read_whole_file(path, where), where);
  const std::string format = json.value("format", "layers-model");
  require<FormatError>(format == "layers-model", "{}: a TensorFlow.js model of format '{}'; only layers-model is read",
                       where, format);
  const Json& topology = json.at("modelTopology");
  const Json& config = topology.contains("model_config") ? topology["model_config"] : topology;
  // TensorFlow.js calls its own version keras_version; its layers mean what those of Keras 2 do.
  std::string version = topology.value("keras_version", "2");
  if (version.starts_with("tfjs")) version = "2";
  KerasModel model = read_keras_config(config.dump(), version, where);
  std::vector<NamedTensor> tensors = read_weights(json.at("weightsManifest"), path.parent_path(), where);
  std::vector<std::vector<NamedTensor>> weights;
  for (const KerasLayer& layer : model.layers) {
    if (!layer.has_weights) continue;
    std::vector<NamedTensor> own;
    for (auto at = tensors.begin(); at != tensors.end();) {
      const bool mine = at->name.substr(0, at->name.find('/')) == layer.name;
      if (mine) own.push_back({at->name, std::move(at->value)});
      at = mine ? tensors.erase(at) : at + 1;
    }
    weights.push_back(std::move(own));
  }
  std::string left;
  for (const NamedTensor& tensor : tensors) left += (left.empty() ? "" : ", ") + tensor.name;
  require<FormatError>(left.empty(), "{}: weights that no layer uses: {}", where, left);
  return join_keras(std::move(model), std::move(weights), "TensorFlow.js layers model", where);
}

}  // namespace recur::interop
