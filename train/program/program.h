#pragma once

#include <recur/framework/tensor/random.h>
#include <recur/train/loop/trainer.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace recur {

class RunFolder;
class World;

/// A program that trains: its command line, what it prints, and a folder with curves and a report.
///
///     int main(int argc, char** argv) {
///       Index units = 64;
///       Program program("Trains an LSTM to add.");
///       program.option("units", units, "units of the LSTM");
///       return program.run(argc, argv, [&] {
///         …
///         program.follow(trainer);
///         trainer.fit(train, validation);
///         program.report({{"test_mse", trainer.evaluate(test).loss}});
///       });
///     }
///
/// All programs take `--seed`, `--threads` (1 unless given), `--json`, `--run FOLDER`, `--checkpoint FOLDER` and
/// `--checkpoint-every STEPS`; `--help` lists all options with their defaults. Needs CLI11 where the library is built.
///
/// With `distributed::join` as `join` and started by `mpirun -n N`, N processes train one model: pass
/// `program.training(epochs)` to the trainer. Rank 0 alone prints and writes.
class Program {
 public:
  /// Joins the job that the process was started in, and returns its world; null if the process was started alone.
  using JoinJob = std::function<std::unique_ptr<World>()>;

  explicit Program(const std::string& description, JoinJob join = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// Adds an option: `--name VALUE` is written to `value`, whose number before that is the default. A number below
  /// `least` is an error of the command line.
  Program& option(const std::string& name, Index& value, const std::string& help, Index least = 1);
  Program& option(const std::string& name, double& value, const std::string& help, double least = 0);
  /// A text; one of `words` if there are any.
  Program& option(const std::string& name, std::string& value, const std::string& help,
                  const std::vector<std::string>& words = {});
  Program& flag(const std::string& name, bool& value, const std::string& help);

  /// Parses the command line, calls `body` and returns the exit status. A wrong option or value, and every exception,
  /// is one line on standard error that begins with the program's name, and status 2; `--help` is 0. Of an option given
  /// several times the last counts.
  [[nodiscard]] int run(int argc, char** argv, const std::function<void()>& body);

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  /// Random numbers for one purpose, such as `"test"`: of the seed and that name.
  [[nodiscard]] Generator random(const std::string& purpose) const { return Generator(seed_).fork(purpose); }
  /// Options for a trainer of so many epochs: with `--checkpoint FOLDER` training goes on from the newest checkpoint
  /// there, which is refused if another option of the program differs.
  [[nodiscard]] TrainerOptions training(Index epochs) const;
  /// Prints a line for each epoch (with `--json` a JSON object) and, with `--run`, keeps the run's folder. Call it
  /// before `fit`, after the callbacks whose metrics are to be shown.
  void follow(Trainer& trainer);
  /// Returns the world of the job that the program was started in, while `body` runs; null: this process alone.
  [[nodiscard]] World* world() const { return world_.get(); }
  /// Returns true on rank 0, or alone: where files are to be written.
  [[nodiscard]] bool leads() const;
  /// Prints the result: one JSON object, or a line for each number. The report page of the run shows it at its top.
  void report(const NamedNumbers& numbers);
  /// Prints something that the model made (with `--json` on standard error); the report page shows it.
  void show(const std::string& title, const std::string& text);

 private:
  struct CommandLine;
  [[nodiscard]] int run_body(const std::function<void()>& body);
  [[nodiscard]] int refuse(const std::string& what) const;

  std::unique_ptr<CommandLine> command_line_;
  JoinJob join_;
  std::unique_ptr<World> world_;
  std::uint64_t seed_ = 1;
  bool json_ = false;
  std::string run_directory_;
  std::string checkpoint_directory_;
  Index checkpoint_every_ = 0;
  RunFolder* folder_ = nullptr;
};

}  // namespace recur
