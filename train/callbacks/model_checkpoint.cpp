#include <recur/train/callbacks/model_checkpoint.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>
#include <recur/train/callbacks/monitor.h>

namespace recur {

ModelCheckpoint::ModelCheckpoint(ModelCheckpointOptions options) : options_(std::move(options)), path_(options_.path) {
  require<ValueError>(!options_.path.empty(), "ModelCheckpoint: no path to save to");
}

void ModelCheckpoint::on_train_begin(Training& training) {
  best_ = std::numeric_limits<double>::infinity();
  warn_of_misspelt_monitor("ModelCheckpoint", options_.monitor, training);
  for (const std::string& name : path_.numbers()) warn_of_misspelt_monitor("ModelCheckpoint", name, training);
  const std::filesystem::path folder = std::filesystem::path(options_.path).parent_path();
  if (folder.empty() || folder.string().find('{') != std::string::npos) return;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require<FormatError>(std::filesystem::is_directory(folder), "ModelCheckpoint: cannot make the folder '{}': {}",
                       folder.string(), error.message());
  const AtomicFile tried(folder / "model");  // removed again
}

void ModelCheckpoint::on_epoch_end(Training& training) {
  if (training.report.interrupted) return;
  const double value = (options_.maximize ? -1 : 1) * number_of(training.report, options_.monitor);
  const bool better = value < best_;
  if (better) best_ = value;
  if (!better && options_.best_only) return;
  save_parameters(path_(training.report), training.parameters, options_.metadata);
}

}  // namespace recur
