#include <recur/interop/torch/pickle_globals.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace recur::interop {
namespace {

struct TypeNames {
  TorchType type;
  std::string_view storage;
  std::string_view element;
  int bytes;
};
// In the order of TorchType.
constexpr std::array<TypeNames, 11> types = {{{TorchType::f32, "FloatStorage", "float32", 4},
                                              {TorchType::f64, "DoubleStorage", "float64", 8},
                                              {TorchType::f16, "HalfStorage", "float16", 2},
                                              {TorchType::bf16, "BFloat16Storage", "bfloat16", 2},
                                              {TorchType::i64, "LongStorage", "int64", 8},
                                              {TorchType::i32, "IntStorage", "int32", 4},
                                              {TorchType::i16, "ShortStorage", "int16", 2},
                                              {TorchType::i8, "CharStorage", "int8", 1},
                                              {TorchType::u8, "ByteStorage", "uint8", 1},
                                              {TorchType::boolean, "BoolStorage", "bool", 1},
                                              {TorchType::bytes, "UntypedStorage", "", 1}}};

constexpr std::array<std::string_view, 6> functions = {
    "collections OrderedDict",         "torch Size",
    "torch._utils _rebuild_tensor",    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_tensor_v3", "torch._utils _rebuild_parameter"};

bool is_one_of(std::string_view module, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), module) != names.end();
}

}  // namespace

int size_of(TorchType type) { return types[static_cast<std::size_t>(type)].bytes; }

std::optional<TorchType> storage_type(const std::string& name) {
  for (const std::string_view module : {"torch ", "torch.cuda ", "torch.storage "})
    if (name.starts_with(module))
      for (const TypeNames& known : types)
        if (name.substr(module.size()) == known.storage) return known.type;
  return std::nullopt;
}

std::optional<TorchType> element_type(const std::string& name) {
  for (const TypeNames& known : types)
    if (!known.element.empty() && name == fmt::format("torch {}", known.element)) return known.type;
  return std::nullopt;
}

std::string refusal_of_global(const std::string& name) {
  if (std::find(functions.begin(), functions.end(), name) != functions.end() || storage_type(name) ||
      element_type(name))
    return "";
  const std::string_view module = std::string_view(name).substr(0, name.find(' '));
  const auto because = [&](const char* reason) { return fmt::format("'{}': {}", name, reason); };
  if (name == "torch._utils _rebuild_qtensor" || name.starts_with("torch Q") || name == "torch ScriptObject" ||
      module.starts_with("torch.nn.quantized") || module.starts_with("torch.ao."))
    return because("quantized tensors are not read; export the float model");
  if (name.starts_with("torch._utils _rebuild_sparse") || name.starts_with("torch.serialization"))
    return because("sparse tensors are not read; save them dense");
  if (is_one_of(name, {"builtins set", "__builtin__ set", "builtins frozenset", "__builtin__ frozenset",
                       "builtins bytearray", "__builtin__ bytearray", "builtins complex", "__builtin__ complex"}))
    return because("a Python object beside the tensors; save model.state_dict()");
  if (is_one_of(module, {"os", "posix", "nt", "subprocess", "sys", "builtins", "__builtin__", "runpy", "pty", "shutil",
                         "socket", "importlib", "ctypes"}))
    return because(
        "this file would run a program when PyTorch loads it (os.system and its kind): do not open it "
        "elsewhere either; nothing was run here");
  if (module.starts_with("pytorch_lightning") || module.starts_with("lightning"))
    return because("a Lightning checkpoint; save its state_dict alone");
  if (module.starts_with("numpy")) return because("a pickle of NumPy arrays; save them as .npz");
  return because(
      "a whole pickled module: it is Python code by reference; load it where it was made and save "
      "model.state_dict()");
}

}  // namespace recur::interop
