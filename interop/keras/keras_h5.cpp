#include <recur/interop/internal/bytes.h>
#include <recur/interop/internal/json.h>
#include <recur/interop/keras/keras_config.h>
#include <recur/interop/keras/keras_files.h>
#include <recur/interop/keras/keras_paths.h>
#include <recur/io/hdf5.h>
#include <recur/io/zip_file.h>

namespace recur::interop {
namespace {

using Object = Hdf5File::Object;

// An attribute of text; empty without it.
std::string text_of(const Object& object, const std::string& name) {
  const auto at = object.attributes.find(name);
  return at == object.attributes.end() || at->second.empty() ? "" : at->second.front();
}

// A list that Keras may have divided into name0, name1 …
std::vector<std::string> list_of(const Object& object, const std::string& name) {
  if (const auto at = object.attributes.find(name); at != object.attributes.end()) return at->second;
  std::vector<std::string> all;
  for (int part = 0;; ++part) {
    const auto at = object.attributes.find(name + std::to_string(part));
    if (at == object.attributes.end()) return all;
    all.insert(all.end(), at->second.begin(), at->second.end());
  }
}

bool has_layer_names(const Object& object) {
  return object.attributes.contains("layer_names") || object.attributes.contains("layer_names0");
}

// Weights by layer, layers without any left out.
std::vector<std::vector<NamedTensor>> read_layers(const Hdf5File& file, const Object& group, const std::string& where) {
  std::vector<std::vector<NamedTensor>> layers;
  std::uint64_t total = 0;
  for (const std::string& layer : list_of(group, "layer_names")) {
    const Object* const object = file.find(group, layer);
    if (object == nullptr || object->is_dataset) continue;  // a layer without weights; others are missed when joined
    std::vector<NamedTensor> tensors;
    for (const std::string& weight : list_of(*object, "weight_names")) {
      const Object* const dataset = file.find(*object, weight);
      require<FormatError>(dataset != nullptr, "{}: missing weight: '{}' is listed for layer '{}', but it is not there",
                           where, weight, layer);
      tensors.push_back({layer + "/" + weight, file.read(*dataset, layer + "/" + weight)});
      require<FormatError>(++total <= 100'000, "{}: more than 100,000 weights", where);
    }
    if (!tensors.empty()) layers.push_back(std::move(tensors));
  }
  return layers;
}

void collect(const Hdf5File& file, const Object& object, const std::string& path, std::vector<NamedTensor>& tensors) {
  for (const auto& [name, place] : object.children) {
    const Object& child = file[place];
    const std::string own = path.empty() ? name : path + "/" + name;
    if (!child.is_dataset) collect(file, child, own, tensors);
    else tensors.push_back({own, file.read(child, own)});
  }
}

}  // namespace

ModelDescription load_keras_h5(const std::filesystem::path& path, const std::string& config) {
  const std::string where = fmt::format("load_keras_h5: '{}'", path.string());
  const Hdf5File file(path);
  const Object& root = file.root();
  const Object* const whole = file.find(root, "model_weights");
  const std::string own_config = text_of(root, "model_config");
  const std::string architecture = own_config.empty() ? config : own_config;
  require<FormatError>(!root.attributes.contains("nb_layers"), "{}: weights of Keras before 1.0, which are not read",
                       where);
  require<FormatError>(!architecture.empty(), "{}: the file has weights only; give the config of the model", where);
  if (whole == nullptr && !has_layer_names(root))
    return read_keras3_weights(file, read_keras_config(architecture, "", where), "Keras 3 weights (HDF5)", where);
  const Object& weights = whole != nullptr ? *whole : root;
  std::string version = text_of(root, "keras_version");
  if (version.empty()) version = text_of(weights, "keras_version");
  // Weights that go with a config of the user's: the config says whose names it uses.
  KerasModel model = read_keras_config(architecture, own_config.empty() ? "" : version, where);
  if (file.find(root, "optimizer_weights") != nullptr)
    model.notes.emplace_back("the state of the optimizer was left out");
  return join_keras(std::move(model), read_layers(file, weights, where),
                    own_config.empty() ? "Keras weights (HDF5)" : "Keras model (HDF5)", where);
}

ModelDescription load_keras_archive(const std::filesystem::path& path) {
  const std::string where = fmt::format("load_keras_archive: '{}'", path.string());
  const ZipFile zip(path);
  constexpr std::uint64_t largest_json = 64U << 20U;
  constexpr std::uint64_t largest_weights = std::uint64_t{4} << 30U;
  require<FormatError>(zip.contains("config.json"), "{}: there is no config.json", where);
  std::string version = "3";
  if (zip.contains("metadata.json")) {
    const Json metadata = parse_json(zip.read("metadata.json", largest_json), where + ": metadata.json");
    if (metadata.contains("keras_version")) version = read_string(metadata, "keras_version", where);
  }
  KerasModel model = read_keras_config(zip.read("config.json", largest_json), version, where);
  require<FormatError>(zip.contains("model.weights.h5"),
                       "{}: there is no model.weights.h5 (weights in .npz are pickles, which are not read)", where);
  const Hdf5File file(zip.read("model.weights.h5", largest_weights), path.string() + "/model.weights.h5");
  return read_keras3_weights(file, std::move(model), "Keras 3 archive", where);
}

std::vector<NamedTensor> load_archive_tensors(const std::filesystem::path& path) {
  const ZipFile zip(path);
  constexpr std::uint64_t largest = std::uint64_t{4} << 30U;
  for (const std::string& member : zip.names())
    if (!member.ends_with("/")) (void)zip.read(member, largest);  // compares the checksum
  std::vector<NamedTensor> tensors;
  if (!zip.contains("model.weights.h5")) return tensors;
  const Hdf5File file(zip.read("model.weights.h5", largest), path.string() + "/model.weights.h5");
  collect(file, file.root(), "", tensors);
  return tensors;
}

std::vector<NamedTensor> load_h5_tensors(const std::filesystem::path& path) {
  const Hdf5File file(path);
  const std::string config = text_of(file.root(), "model_config");
  if (!config.empty()) (void)parse_json(config, fmt::format("load_h5_tensors: '{}': model_config", path.string()));
  std::vector<NamedTensor> tensors;
  const Object* const whole = file.find(file.root(), "model_weights");
  const Object& group = whole != nullptr ? *whole : file.root();
  if (!has_layer_names(group)) {
    collect(file, file.root(), "", tensors);
    return tensors;
  }
  for (std::vector<NamedTensor>& layer : read_layers(file, group, fmt::format("load_h5_tensors: '{}'", path.string())))
    for (NamedTensor& tensor : layer)
      tensors.push_back({whole != nullptr ? "model_weights/" + tensor.name : tensor.name, std::move(tensor.value)});
  return tensors;
}

}  // namespace recur::interop
