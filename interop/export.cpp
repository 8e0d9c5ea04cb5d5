#include <recur/interop/export.h>

#include <recur/interop/audio/coreaudioml.h>
#include <recur/interop/audio/nam.h>
#include <recur/interop/audio/rtneural.h>
#include <recur/interop/keras/keras_writer.h>
#include <recur/interop/onnx/onnx_writer.h>
#include <recur/interop/torch/torch_file.h>
#include <recur/interop/torch/torch_layout.h>
#include <recur/io/safetensors.h>

namespace recur::interop {
namespace {

using Path = std::filesystem::path;
using Notes = std::vector<std::string>;

Notes torch(const Path& file, Sequential& model, const ModelDescription& description) {
  require_plain(description.path, "export: a state dict");
  Notes notes;
  save_torch(file, to_state_dict(model, notes));
  return notes;
}

Notes safetensors(const Path& file, Sequential& model, const ModelDescription& description) {
  require_plain(description.path, "export: a state dict");
  Notes notes;
  const std::vector<NamedTensor> tensors = to_state_dict(model, notes);
  std::vector<NamedArray> arrays;
  for (const NamedTensor& tensor : tensors) arrays.push_back({tensor.name, &tensor.value});
  save_safetensors(file, arrays, {{"format", "pt"}});
  return notes;
}

template <auto write>
Notes plain(const Path& file, Sequential& model, const ModelDescription& description) {
  write(file, model, description);
  return {};
}

Notes aidax(const Path& file, Sequential& model, const ModelDescription& description) {
  write_aidax(file, model, description);
  return {};
}

template <bool with_states>
Notes onnx(const Path& file, Sequential& model, const ModelDescription& description) {
  write_onnx(file, model, description, with_states);
  return {};
}

Notes tfjs(const Path& file, Sequential& model, const ModelDescription& description) {
  write_tfjs(file, model, description);
  return {"the weights are in weights.bin beside it"};
}

constexpr ExportFormat formats[] = {
    {"torch", ".pt .pth", "a PyTorch state dict, for torch.load(weights_only=True)", torch},
    {"torch-safetensors", "", "a PyTorch state dict as safetensors", safetensors},
    {"keras-h5", ".h5 .hdf5", "a whole model of tf.keras (HDF5)", plain<write_keras_h5>},
    {"keras", ".keras", "an archive of Keras 3", plain<write_keras_archive>},
    {"tfjs", "", "a TensorFlow.js layers model (model.json)", tfjs},
    {"onnx", ".onnx", "an ONNX model, opset 17", onnx<false>},
    {"onnx-stateful", "", "an ONNX model whose states are inputs and outputs", onnx<true>},
    {"rtneural", "", "JSON of RTNeural", plain<write_rtneural>},
    {"aidax", ".aidax", "JSON of AIDA-X, with a test vector", aidax},
    {"coreaudioml", "", "JSON of CoreAudioML, NeuralPi and Proteus", plain<write_coreaudioml>},
    {"nam", ".nam", "Neural Amp Modeler, with rest states", plain<write_nam>},
};

static_assert(std::size(formats) == export_format_count);

}  // namespace

std::span<const ExportFormat> export_formats() { return formats; }

}  // namespace recur::interop
