#include <recur/train/callbacks/model_checkpoint.h>

#include <recur/framework/tensor/error.h>

namespace recur {

ModelCheckpoint::ModelCheckpoint(ModelCheckpointOptions options) : options_(std::move(options)) {
  require<ValueError>(!options_.path.empty(), "ModelCheckpoint: no path to save to");
}

void ModelCheckpoint::on_epoch_end(Training& training) {
  const double value = (options_.maximize ? -1 : 1) * number_of(training.report, options_.monitor);
  const bool better = value < best_;
  if (better) best_ = value;
  if (!better && options_.best_only) return;
  std::string path = options_.path;
  constexpr std::string_view mark = "{epoch}";
  for (auto at = path.find(mark); at != std::string::npos; at = path.find(mark))
    path.replace(at, mark.size(), std::to_string(training.report.epoch));
  save_parameters(path, training.parameters, options_.metadata);
}

}  // namespace recur
