#include <recur/train/model/saved_model.h>

#include <recur/io/model_file.h>

#include <charconv>

namespace recur {
namespace {

constexpr const char* config_key = "model";
constexpr const char* features_key = "features";
constexpr const char* dtype_key = "dtype";

const std::string& note(const Metadata& metadata, const char* key, const std::filesystem::path& path) {
  const auto at = metadata.find(key);
  require<FormatError>(at != metadata.end(),
                       "load_model: '{}' has no '{}' in its metadata; it was not written by save_model (parameters "
                       "alone are read by load_parameters)",
                       path.string(), key);
  return at->second;
}

}  // namespace

void save_model(const std::filesystem::path& path, Sequential& model, const Metadata& notes) {
  require<ValueError>(model.input_size() > 0, "save_model: the model was not built; call model.build(features, seed)");
  for (const char* key : {config_key, features_key, dtype_key})
    require<ValueError>(!notes.contains(key), "save_model: a note cannot be named '{}'", key);
  const auto all = parameters(model);
  Metadata metadata = notes;
  metadata[config_key] = get_config(AnyLayer(Sequential(model)));
  metadata[features_key] = std::to_string(model.input_size());
  metadata[dtype_key] = name(all.front().parameter->dtype());
  save_parameters(path, all, metadata);
}

SavedModel load_model(const std::filesystem::path& path, const Registry& registry) {
  Metadata metadata = load_model_file(path).metadata;
  AnyLayer layer = layer_from_config(note(metadata, config_key, path), registry);
  const std::string& features = note(metadata, features_key, path);
  Index size = 0;
  const auto [end, error] = std::from_chars(features.data(), features.data() + features.size(), size);
  require<FormatError>(error == std::errc() && end == features.data() + features.size() && size > 0,
                       "load_model: '{}': features is '{}', not a number above 0", path.string(), features);
  const DType dtype = note(metadata, dtype_key, path) == name(DType::float64) ? DType::float64 : DType::float32;
  SavedModel result{std::move(layer.as<Sequential>()), {}};
  result.model.build(size, 0, dtype);
  load_parameters(path, parameters(result.model));
  for (const auto& [key, value] : metadata)
    if (key != config_key && key != features_key && key != dtype_key) result.notes[key] = value;
  return result;
}

}  // namespace recur
