#include <recur/interop/load_inference.h>

#include <recur/io/model_file.h>
#include <recur/layers/config/config.h>
#include <recur/layers/sequential.h>

#include <charconv>

namespace recur {

Inference load_inference(const std::filesystem::path& file, const InferenceOptions& options) {
  const Metadata notes = load_safetensors(file).metadata;
  for (const char* key : {"model", "features"})
    require<FormatError>(notes.contains(key), "load_inference: '{}' has no {} in it: it was not written by recur train",
                         file.string(), key);
  Index features = 0;
  const std::string& number = notes.at("features");
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), features);
  require<FormatError>(error == std::errc() && end == number.data() + number.size() && features > 0,
                       "load_inference: '{}': {} features", file.string(), number);
  AnyLayer model = layer_from_config(notes.at("model"));
  require<FormatError>(model->class_name() == Sequential::class_name,
                       "load_inference: '{}' holds a {}, not a Sequential", file.string(), model->class_name());
  Builder builder(features, DType::float32, Generator(0));
  model.build(builder);
  ParameterVisitor visitor;
  model.visit(visitor);
  (void)load_parameters(file, visitor.take());
  return Inference(model.as<Sequential>(), features, options);
}

}  // namespace recur
