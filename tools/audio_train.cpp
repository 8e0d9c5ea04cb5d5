// `recur train` of data of the kind `audio`.

#include <recur/io/model_file.h>

#include <cstdio>

#include "audio_commands.h"
#include "audio_report.h"
#include "job.h"
#include "seed.h"

namespace recur::tools {
namespace {

/// The part that the scores are of.
struct JudgedClips {
  std::string name;
  std::span<const Index> clips;

  explicit JudgedClips(const AudioTask& task) : name("test"), clips(task.split().test) {
    if (clips.empty()) {
      name = "valid";
      clips = task.split().validation;
    }
  }
};

/// Windows of training, of which a rank may have none: its states are zeros then, not those of earlier clips.
class SharedWindows {
 public:
  explicit SharedWindows(AudioTask& task) : task_(task), windows_(task.training()) {}

  [[nodiscard]] Index size() const { return windows_.size(); }
  [[nodiscard]] AudioWindows::Window operator[](Index index) const { return windows_[index]; }
  [[nodiscard]] AudioWindows::Window share(Index index, const Share& share) {
    AudioWindows::Window own = windows_.share(index, share);
    if (own.frames() == 0) task_.forget();
    return own;
  }
  void start_epoch(Index epoch) { windows_.start_epoch(epoch); }

 private:
  AudioTask& task_;
  AudioWindows windows_;
};

void tell_latencies(const Flags& flags, const AudioTask& task) {
  const auto& found = task.pairs().latencies;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const AudioFiles& files = task.settings().source.files[i];
    fmt::print(flags.json ? stderr : stdout, "'{}' is {} samples behind '{}' (correlation {:.2f})\n",
               files.target.string(), found[i].samples, files.input.string(), found[i].correlation);
  }
}

std::vector<EpochReport> fit_audio(AudioTask& task, const Job& job, Trainer& trainer, Tape& tape,
                                   const std::string& config) {
  SharedWindows windows(task);
  AudioScores scores;
  trainer.carry_states(task.recurrent(), Trainer::EachEpoch::begins_with_zeros);
  trainer.metrics = [&](const EpochReport&) {
    NamedNumbers metrics;
    for (const std::string& name : task.metrics()) metrics.emplace_back("valid_" + name, scores.score(name));
    return metrics;
  };
  trainer.on_best = [&](const EpochReport&) { task.save(job.model_file(), config); };
  const Trainer::Validation validation = [&] {
    scores = task.scores(tape, task.split().validation);
    return scores.score(task.metrics().front());
  };
  const auto loss = [&](Tape& t, const AudioWindows::Window& window) {
    trainer.weigh(static_cast<double>(window.frames()));
    return task.loss(t, window);
  };
  return trainer.fit(tape, windows, loss, validation);
}

}  // namespace

void train_audio(const Flags& flags, Settings& settings) {
  const std::uint64_t seed = read_seed(settings, flags);
  const Run run = read_run(flags, settings);
  AudioTask task(settings, {.seed = seed});
  settings.finish();
  require_same_job(flags, settings);
  if (task.split().validation.empty())
    settings.object("data").refuse("split", "a validation part is needed; it chooses the best epoch");
  if (flags.world == nullptr || flags.world->leads()) tell_latencies(flags, task);
  Job job({flags, settings, run, seed, task.identity()}, task.parameters());
  Tape tape(DType::float32, seed);
  job.fit([&](Trainer& trainer) { return fit_audio(task, job, trainer, tape, settings.dump()); });
  if (!job.leads()) return;
  (void)load_parameters(job.model_file(), task.parameters());
  const JudgedClips judged(task);
  const AudioScores scores = task.scores(tape, judged.clips);
  Job::Numbers numbers;
  for (const std::string& name : task.metrics()) {
    numbers.emplace_back(judged.name + "_" + name, scores.score(name));
    job.report().add_result(judged.name + " " + name, fmt::format("{:.4g}", scores.score(name)));
  }
  for (LinePlot& plot : audio_plots(task, tape, judged.clips)) job.report().add_plot(std::move(plot));
  job.write_report();
  job.print(numbers);
}

}  // namespace recur::tools
