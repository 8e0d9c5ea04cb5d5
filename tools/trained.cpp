#include "trained.h"

#include <recur/io/model_file.h>

#include "run.h"
#include "seed.h"

namespace recur::tools {

Trained find_trained(const Flags& flags) {
  const std::filesystem::path file = flags.file;
  const bool folder = std::filesystem::is_directory(file);
  const bool config = !folder && file.extension() != ".safetensors";
  std::optional<Settings> settings;
  std::filesystem::path model = folder ? file / "model.safetensors" : file;
  if (config) {
    settings = Settings::load(file);
    for (const std::string& assignment : flags.set) settings->set(assignment);
    model = Run(*settings, file.stem().string()).model_file();
  }
  if (!flags.model.empty()) model = flags.model;
  ModelNotes notes = ModelNotes::load(model);
  if (!settings) {
    settings = Settings::parse(notes.config, model.string());
    for (const std::string& assignment : flags.set) settings->set(assignment);
    (void)Run(*settings, "");  // its keys are known, too
  }
  if (!flags.data.empty()) {
    const Settings::Json& data = settings->value("data");
    require<UsageError>(data.is_object() && data.contains("path"),
                        "--data: the data of this model is not one file; --set /data/validation='{{…}}' says which");
    settings->set("/data/validation=" + Settings::Json{{"path", flags.data}}.dump());
  }
  const std::uint64_t seed = read_seed(*settings, flags);
  return {std::move(model), std::move(notes), std::move(*settings), seed};
}

Task load_trained(const Flags& flags, Trained& trained, Task::Options options) {
  options.registry = flags.registry;
  options.seed = trained.seed;
  options.notes = &trained.notes;
  options.training = false;
  Task task(trained.settings, options);
  trained.settings.finish();
  (void)load_parameters(trained.model, task.parameters());
  return task;
}

}  // namespace recur::tools
