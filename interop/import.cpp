#include <recur/interop/import.h>

#include <recur/interop/audio/coreaudioml.h>
#include <recur/interop/audio/nam.h>
#include <recur/interop/audio/rtneural.h>
#include <recur/interop/internal/bytes.h>
#include <recur/interop/internal/json.h>
#include <recur/interop/keras/keras_files.h>
#include <recur/interop/onnx/onnx_import.h>
#include <recur/interop/torch/state_dict.h>
#include <recur/io/safetensors.h>
#include <recur/io/zip_file.h>

#include <array>

namespace recur::interop {
namespace {

constexpr std::array<std::string_view, 14> names = {"unknown",
                                                    "safetensors",
                                                    "PyTorch (zip)",
                                                    "PyTorch (before 1.6)",
                                                    "PyTorch (tar, before 0.1.10)",
                                                    "Keras 3 (.keras)",
                                                    "HDF5",
                                                    "ONNX",
                                                    "RTNeural or AIDA-X JSON",
                                                    "CoreAudioML JSON",
                                                    "NAM",
                                                    "TensorFlow.js layers model",
                                                    "PyTorch state dict as JSON",
                                                    "JSON"};

FileKind kind_of_zip(const std::filesystem::path& path) {
  const ZipFile zip(path);
  for (const std::string& member : zip.names())
    if (member.ends_with("/data.pkl")) return FileKind::torch_zip;
  return zip.contains("config.json") ? FileKind::keras_zip : FileKind::unknown;
}

FileKind kind_of_json(const std::filesystem::path& path, const std::string& where) {
  const Json json = parse_json(read_whole_file(path, where), where);
  if (!json.is_object()) return FileKind::other_json;
  if (json.contains("model_data") && json.contains("state_dict")) return FileKind::coreaudioml_json;
  if (json.contains("architecture") && json.contains("weights")) return FileKind::nam_json;
  if (json.contains("modelTopology") && json.contains("weightsManifest")) return FileKind::tfjs_json;
  if (json.contains("layers") && json.contains("in_shape")) return FileKind::rtneural_json;
  bool arrays = !json.empty();
  for (const auto& [key, value] : json.items()) arrays = arrays && value.is_array();
  return arrays ? FileKind::state_dict_json : FileKind::other_json;
}

// A length of eight bytes, and a header in JSON.
bool is_safetensors(const std::string& begin) { return begin.size() >= 9 && begin[8] == '{' && begin[7] == '\0'; }

bool is_hdf5(const std::filesystem::path& path, const std::string& begin, const std::string& where) {
  using namespace std::string_view_literals;
  constexpr std::string_view magic = "\x89HDF\r\n\x1A\n"sv;
  if (begin.starts_with(magic)) return true;
  // A user block of 512 bytes or a power of two more may stand before the file.
  const std::string more = read_file_begin(path, 8192 + magic.size(), where);
  for (std::size_t at = 512; at <= 8192; at *= 2)
    if (more.size() > at && std::string_view(more).substr(at).starts_with(magic)) return true;
  return false;
}

// ModelProto begins with ir_version, a small number, as its first field.
bool is_onnx(const std::string& begin) { return begin.size() > 4 && begin[0] == 0x08 && begin[1] > 0 && begin[1] < 64; }

ModelDescription import_safetensors(const std::filesystem::path& path, const ImportOptions& options) {
  StateDict dict;
  dict.format = "safetensors";
  SafetensorsFile file = load_safetensors(path);
  for (auto& [tensor, array] : file.arrays) dict.tensors.push_back({tensor, std::move(array)});
  // Tensors that shared memory are written once; metadata names the others.
  for (const auto& [alias, original] : file.metadata)
    for (std::size_t i = 0, count = dict.tensors.size(); i < count; ++i)
      if (dict.tensors[i].name == original && !file.arrays.contains(alias))
        dict.tensors.push_back({alias, dict.tensors[i].value.clone()});
  return describe_torch(dict, {options.module, options.last_step, options.then});
}

ModelDescription import_json(const std::filesystem::path& path, FileKind kind, const std::string& where) {
  const std::string text = read_whole_file(path, where);
  switch (kind) {
    case FileKind::coreaudioml_json:
      return read_coreaudioml(text, where);
    case FileKind::nam_json:
      return read_nam(text, where);
    case FileKind::rtneural_json:
      return read_rtneural(text, where);
    case FileKind::state_dict_json:
      return read_json_state_dict(text, where);
    default:
      fail<FormatError>(
          "{}: JSON that is none of the known formats (RTNeural, AIDA-X, CoreAudioML, NAM, TensorFlow.js)", where);
  }
}

}  // namespace

std::string_view name(FileKind kind) { return names[static_cast<std::size_t>(kind)]; }

FileKind recognize(const std::filesystem::path& path) {
  const std::string where = fmt::format("recognize: '{}'", path.string());
  const std::string begin = read_file_begin(path, 512, where);
  if (begin.starts_with("PK\x03\x04")) return kind_of_zip(path);
  if (begin.starts_with(torch_stream_magic())) return FileKind::torch_stream;
  if (begin.find("ustar") != std::string::npos && begin.find("ustar") > 200) return FileKind::torch_tar;
  if (is_hdf5(path, begin, where)) return FileKind::hdf5;
  if (is_safetensors(begin)) return FileKind::safetensors;
  const auto first = begin.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && begin[first] == '{') return kind_of_json(path, where);
  return is_onnx(begin) ? FileKind::onnx : FileKind::unknown;
}

namespace {

ModelDescription import_kind(const std::filesystem::path& path, FileKind kind, const ImportOptions& options,
                             const std::string& where) {
  switch (kind) {
    case FileKind::safetensors:
      return import_safetensors(path, options);
    case FileKind::torch_zip:
    case FileKind::torch_stream:
    case FileKind::torch_tar:
      return describe_torch(load_torch(path), {options.module, options.last_step, options.then});
    case FileKind::keras_zip:
      return load_keras_archive(path);
    case FileKind::hdf5:
      return load_keras_h5(path, options.config);
    case FileKind::tfjs_json:
      return load_tfjs(path);
    case FileKind::onnx:
      return read_onnx(path);
    case FileKind::unknown:
      fail<FormatError>("{}: none of the known formats", where);
    default:
      return import_json(path, kind, where);
  }
}

// A value of another type than a reader takes for granted is a fault of the file.
template <class Read>
auto guarded(const std::string& where, Read read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    fail<FormatError>("{}: {}", where, error.what());
  }
}

}  // namespace

ModelDescription import_model(const std::filesystem::path& path, const ImportOptions& options) {
  const std::string where = fmt::format("import_model: '{}'", path.string());
  return guarded(where, [&] { return import_kind(path, recognize(path), options, where); });
}

std::vector<NamedTensor> import_tensors(const std::filesystem::path& path) {
  const FileKind kind = recognize(path);
  if (kind == FileKind::torch_zip || kind == FileKind::torch_stream || kind == FileKind::torch_tar)
    return load_torch(path).tensors;
  if (kind == FileKind::hdf5) return load_h5_tensors(path);
  if (kind == FileKind::keras_zip) return load_archive_tensors(path);
  require<FormatError>(kind == FileKind::safetensors, "import_tensors: '{}' ({}) has no tensors by name", path.string(),
                       name(kind));
  std::vector<NamedTensor> tensors;
  SafetensorsFile file = load_safetensors(path);
  for (auto& [tensor, array] : file.arrays) tensors.push_back({tensor, std::move(array)});
  return tensors;
}

}  // namespace recur::interop
