// Models of other programs: `recur import`, and what `recur inspect` says of them.

#include <recur/interop/import.h>

#include <recur/interop/onnx/onnx_graph.h>
#include <recur/io/model_file.h>
#include <recur/layers/config/config.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "commands.h"
#include "import.h"
#include "settings.h"

namespace recur::tools {
namespace {

using Json = Settings::Json;

std::string text_of(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path, std::ios::binary);
  require<UsageError>(file.good(), "'{}' cannot be read", path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// What `recur predict` and `recur train` need to go on with the model; data and loss are for the user to set.
std::string job_of(const interop::ModelDescription& description) {
  Json job;
  job["model"] = Json::parse(description.config);
  job["data"] = {{"path", "data.npz"}};
  job["loss"] = "mean_squared_error";
  job["optimizer"] = {{"class_name", "Adam"}};
  return job.dump();
}

Metadata metadata_of(const interop::ModelDescription& description) {
  Metadata metadata = {{"model", description.config},
                       {"config", job_of(description)},
                       {"features", std::to_string(description.features)},
                       {"imported_from", description.format}};
  const interop::SignalPath& path = description.path;
  if (path.skip > 0) metadata["skip"] = std::to_string(path.skip);
  if (path.input_gain != 1) metadata["input_gain"] = fmt::format("{}", path.input_gain);
  if (path.output_gain != 1) metadata["output_gain"] = fmt::format("{}", path.output_gain);
  if (!description.states.empty()) {
    Json states = Json::array();
    for (const std::vector<Array>& layer : description.states) {
      Json own = Json::array();
      for (const Array& state : layer) own.push_back(state.to_doubles());
      states.push_back(std::move(own));
    }
    metadata["states"] = states.dump();
  }
  if (description.sample_rate > 0) metadata["sample_rate"] = fmt::format("{}", description.sample_rate);
  return metadata;
}

void print_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) fmt::print("  {}\n", note);
}

// The arrays of a file that is not imported. Refuses a damaged file.
std::map<std::string, Array> arrays_of(const std::filesystem::path& path, interop::FileKind kind) {
  using Kind = interop::FileKind;
  std::map<std::string, Array> arrays;
  const bool named = kind == Kind::hdf5 || kind == Kind::keras_zip || kind == Kind::torch_zip ||
                     kind == Kind::torch_stream || kind == Kind::torch_tar;
  if (!named) return arrays;
  for (interop::NamedTensor& tensor : interop::import_tensors(path))
    arrays.insert_or_assign(tensor.name, std::move(tensor.value));
  return arrays;
}

}  // namespace

void import_model(const Flags& flags) {
  interop::ImportOptions options;
  options.config = text_of(flags.config);
  options.module = text_of(flags.module);
  options.then = flags.then;
  if (flags.last_step) options.last_step = true;
  const interop::ModelDescription description = interop::import_model(flags.file, options);
  Sequential model = interop::build(description);
  const std::vector<NamedParameter> list = parameters(model);
  save_parameters(flags.to, list, metadata_of(description));
  Index numbers = 0;
  for (const NamedParameter& p : list) numbers += p.parameter->size();
  if (flags.json) {
    fmt::print(
        "{}\n",
        Json{
            {"output", flags.to}, {"format", description.format}, {"parameters", numbers}, {"notes", description.notes}}
            .dump(-1, ' ', false, Json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {}, {} parameters in {} arrays\n", flags.to, description.format, numbers, list.size());
  print_notes(description.notes);
}

bool inspect_foreign(const std::filesystem::path& path, bool json) {
  const interop::FileKind kind = interop::recognize(path);
  if (kind == interop::FileKind::safetensors || kind == interop::FileKind::unknown ||
      kind == interop::FileKind::other_json)
    return false;
  if (kind == interop::FileKind::onnx) {
    const interop::OnnxModel model(path);
    std::map<std::string, int> operators;
    for (const interop::OnnxNode& node : model.graph().nodes) ++operators[node.op];
    if (json) {
      fmt::print("{}\n", Json{{"format", name(kind)},
                              {"opset", model.opset()},
                              {"producer", model.producer()},
                              {"operators", operators}}
                             .dump());
      return true;
    }
    fmt::print("{}, opset {}, {}\n", name(kind), model.opset(), model.producer());
    for (const auto& [op, count] : operators) fmt::print("{:6} {}\n", count, op);
    return true;
  }
  std::string problem;
  interop::ModelDescription description;
  try {
    description = interop::import_model(path);
  } catch (const Error& error) {
    problem = error.what();
    description.weights = arrays_of(path, kind);
  }
  if (json) {
    Json line{{"format", name(kind)}, {"notes", description.notes}};
    if (problem.empty()) line["model"] = Json::parse(description.config);
    else line["refused"] = problem;
    fmt::print("{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
    return true;
  }
  fmt::print("{}\n", problem.empty() ? description.format : std::string(name(kind)));
  if (!problem.empty()) fmt::print("not imported: {}\n", problem);
  for (const auto& [weight, array] : description.weights)
    fmt::print("{:8} {:16} {}\n", recur::name(array.dtype()), fmt::format("{}", array.shape()), weight);
  print_notes(description.notes);
  return true;
}

}  // namespace recur::tools
