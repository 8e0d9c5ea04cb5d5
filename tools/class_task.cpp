#include "class_task.h"

#include <recur/framework/ops/cross_entropy.h>
#include <recur/framework/ops/reduce.h>
#include <recur/io/model_file.h>
#include <recur/layers/config/config.h>
#include <recur/layers/counted_steps.h>
#include <recur/layers/focal_loss.h>
#include <recur/layers/regularizers.h>
#include <recur/train/views/bucket_by_length.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace recur::tools {
namespace {

using Json = Settings::Json;

}  // namespace

ClassBatches::ClassBatches(const LabelledRecordings& recordings, std::vector<LabelWindow> windows, Index batch,
                           std::uint64_t seed, bool every_step)
    : recordings_(recordings), windows_(std::move(windows)), batch_(batch), seed_(seed), every_step_(every_step) {
  start_epoch(1);
}

PaddedBatch ClassBatches::operator[](Index index) const {
  std::vector<LabelWindow> own;
  for (const Index i : batches_[static_cast<std::size_t>(index)]) own.push_back(windows_[static_cast<std::size_t>(i)]);
  return gather(recordings_, own, every_step_);
}

void ClassBatches::start_epoch(Index epoch) {
  std::vector<Index> lengths;
  for (const LabelWindow& window : windows_) lengths.push_back(window.rows);
  batches_ = views::bucket(lengths, {.batch = batch_, .seed = seed_}, epoch);
}

ClassTask::ClassTask(Settings& settings, std::uint64_t seed, const ClassNotes* notes)
    : settings_(ClassSettings::read(settings.object("data"))),
      metrics_(read_class_scores(settings)),
      batch_(settings.integer("batch", 32, 1)),
      seed_(seed) {
  read_loss(settings);
  read(settings, notes);
  read_weights(settings);
  build(settings, seed);
}

void ClassTask::read_loss(Settings& settings) {
  const Json given = settings.value("loss");
  const Json name = given.is_object() ? given.value("class_name", Json()) : given;
  if (name == "focal") {
    gamma_ = 2;
    loss_.name = "sparse_categorical_crossentropy";
    if (!given.is_object()) return;
    Settings focal = settings.object("loss");
    (void)focal.text("class_name");
    if (focal.asks("config")) {
      Settings config = focal.object("config");
      gamma_ = config.number("gamma", 2);
      if (!(*gamma_ >= 0)) config.refuse("gamma", "must not be negative");
      config.finish();
    }
    return focal.finish();
  }
  loss_ = LossConfig::read(settings);
  if (!loss_.of_classes())
    settings.refuse("loss", fmt::format("recordings have classes: sparse_categorical_crossentropy or focal is "
                                        "expected, got {}",
                                        loss_.name));
}

void ClassTask::read(Settings& settings, const ClassNotes* notes) {
  Settings data = settings.object("data");
  settings_.source.labels_needed = notes == nullptr;
  recordings_ = data.about("path", [&] {
    return read_recordings(settings_.source, notes != nullptr ? notes->classes : std::vector<std::string>());
  });
  if (settings_.by_recording) scale_by_recording(recordings_);
  if (notes == nullptr && recordings_.classes.size() < 2)
    data.refuse("label", fmt::format("there is one class only, '{}'", recordings_.classes.at(0)));
  const auto names = [&](const char* key) {
    return settings_.split.contains(key) ? settings_.split[key].get<std::vector<std::string>>()
                                         : std::vector<std::string>();
  };
  const auto divide = [&] {
    const Json& split = settings_.split;
    const bool listed = std::ranges::any_of(split, [](const Json& part) { return part.is_array(); });
    if (listed) return split_by_subject(recordings_, names("validation"), names("test"));
    split_by_subject(recordings_, split.value("validation", 0.0), split.value("test", 0.0),
                     split.value("seed", std::uint64_t{0}));
  };
  if (notes == nullptr) {
    data.about("split", divide);
    data.about("split", [&] { require_known_labels(recordings_); });
    data.about("inputs", [&] { scaling_ = Scaling::fit(recordings_.table, {.inputs = settings_.scale}); });
  } else {
    scaling_ = notes->scaling;
    try {
      divide();
    } catch (const ValueError&) {  // other recordings need not have the subjects of the parts
      for (Series& one : recordings_.table.series) std::ranges::fill(one.parts, Part::test);
    }
  }
  data.about("inputs", [&] { scaling_.apply(recordings_.table); });
}

void ClassTask::read_weights(Settings& settings) {
  if (!settings.asks("class_weights")) return;
  if (!settings.has_object("class_weights")) {
    (void)settings.choice("class_weights", {"balanced"});
    class_weights_ = balanced_weights(recordings_, windows(Part::training), settings_.windows.every_step);
    return;
  }
  class_weights_.assign(recordings_.classes.size(), 1);
  Settings given = settings.object("class_weights");
  for (std::size_t c = 0; c < recordings_.classes.size(); ++c)
    class_weights_[c] = static_cast<float>(given.number(recordings_.classes[c], 1));
  for (const float weight : class_weights_)
    if (!(weight >= 0)) settings.refuse("class_weights", "weights must not be negative");
  given.finish();
}

void ClassTask::build(Settings& settings, std::uint64_t seed) {
  model_ = settings.build("model", [](const Json& json) { return layer_from_config(json.dump()); });
  outputs_ = Outputs(settings, model_, loss_);
  settings.about("model", [&] {
    Builder builder(recordings_.table.input_count(), DType::float32, Generator(seed));
    model_.build(builder);
    ParameterVisitor visitor;
    model_.visit(visitor);
    parameters_ = visitor.take();
    Tape tape;
    const NoGradient inference(tape);
    const LabelWindow any{0, 0, std::min<Index>(recordings_.table.series.at(0).rows(), 64)};
    double count = 0;
    (void)loss(tape, gather(recordings_, std::span(&any, 1), settings_.windows.every_step), count);
  });
}

ClassBatches ClassTask::training() const {
  return {recordings_, windows(Part::training), batch_, seed_, settings_.windows.every_step};
}

ClassTask::Rows ClassTask::rows_of(Tape& tape, const PaddedBatch& batch) {
  LayerValue input;
  input.value = tape.constant(batch.inputs);
  input.lengths = batch.lengths;
  LayerValue output = model_->call(input);
  const Shape& shape = output.value.shape();
  const bool every = settings_.windows.every_step;
  const auto classes = static_cast<Index>(recordings_.classes.size());
  require<ValueError>(shape.cols() == classes && shape.rank() == (every ? 3 : 2),
                      "the model gives {} where {} is wanted: there are {} classes ({}), which the units of the last "
                      "layer must be{}",
                      shape, every ? Shape{shape[0], batch.inputs.shape()[1], classes} : Shape{shape[0], classes},
                      classes, fmt::join(recordings_.classes, ", "),
                      every ? ", and recurrent layers need \"return_sequences\": true"
                            : "; only the last recurrent layer has no \"return_sequences\"");
  if (every) output.lengths = batch.lengths;
  const CountedSteps steps(output);
  Rows rows{every ? steps.of(output.value) : output.value, {}, {}, output.penalty};
  const Tensor<float> targets = every ? steps.of(batch.targets) : batch.targets.clone();
  for (const float label : targets.values()) {
    rows.labels.push_back(static_cast<std::int32_t>(label));
    const bool known = label >= 0;
    rows.weights.push_back(!known                   ? 0.0F
                           : class_weights_.empty() ? 1.0F
                                                    : class_weights_[static_cast<std::size_t>(label)]);
  }
  return rows;
}

Var ClassTask::loss_of(const Rows& rows, double& count) {
  const Var logits = outputs_.logits(rows.raw);
  count = static_cast<double>(std::ranges::count_if(rows.weights, [](float w) { return w != 0; }));
  Var value;
  if (gamma_) value = focal_loss(logits, rows.labels, *gamma_, rows.weights);
  else
    value = sparse_softmax_cross_entropy(logits, rows.labels,
                                         {.label_smoothing = loss_.smoothing, .weights = rows.weights});
  return with_penalties(value, parameters_, rows.penalty);
}

Var ClassTask::loss(Tape& tape, const PaddedBatch& batch, double& count) {
  return loss_of(rows_of(tape, batch), count);
}

ClassDecisions ClassTask::decide(Tape& tape, std::span<const LabelWindow> windows, double* mean_loss) {
  const NoGradient inference(tape);
  ClassDecisions decisions{static_cast<Index>(recordings_.classes.size())};
  double sum = 0, all = 0;
  for (std::size_t first = 0; first < windows.size(); first += static_cast<std::size_t>(batch_)) {
    const auto own = windows.subspan(first, std::min(static_cast<std::size_t>(batch_), windows.size() - first));
    const Rows rows = rows_of(tape, gather(recordings_, own, settings_.windows.every_step));
    if (mean_loss != nullptr) {
      double count = 0;
      const double value = loss_of(rows, count).item();
      sum += count * value;
      all += count;
    }
    const std::vector<double> numbers = outputs_.predictions(rows.raw).to_doubles();
    decisions.probabilities.insert(decisions.probabilities.end(), numbers.begin(), numbers.end());
    decisions.targets.insert(decisions.targets.end(), rows.labels.begin(), rows.labels.end());
    tape.reset();
  }
  if (mean_loss != nullptr) *mean_loss = sum / all;
  return decisions;
}

ClassTask::Numbers ClassTask::scores(const ClassDecisions& decisions) const {
  Numbers numbers;
  for (const std::string& name : metrics_) numbers.emplace_back(name, class_score(name, decisions));
  return numbers;
}

void ClassTask::save(const std::filesystem::path& file, const std::string& config) {
  save_parameters(file, parameters_,
                  {{"model", outputs_.config(model_)},
                   {"config", config},
                   {"features", std::to_string(recordings_.table.input_count())},
                   {"dtype", name(DType::float32)},
                   {"scaling", scaling_.to_json()},
                   {"classes", Json(recordings_.classes).dump()}});
}

Metadata ClassTask::identity() const {
  return {{"model", get_config(model_)}, {"metrics", fmt::format("{}", fmt::join(metrics_, ", "))}};
}

}  // namespace recur::tools
