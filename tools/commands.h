#pragma once

#include <recur/framework/tensor/error.h>

#include <string>
#include <vector>

#include "text_sampler.h"

namespace recur {
class Registry;
class World;
}  // namespace recur

namespace recur::tools {

/// The options and arguments of the command line.
struct Flags {
  std::string file;                ///< A config; for most commands also a model file or the folder of a run.
  std::vector<std::string> files;  ///< Files that `init` writes a config for.
  std::string model;               ///< A model file; empty: that of the run.
  std::string data;                ///< A file in place of the validation data; empty: none.
  std::vector<std::string> set;    ///< Assignments, see `Settings::set`.
  std::string output = "predictions.npy";
  std::string part{};  ///< Part of a table: training, validation, test, all or last; empty: the default of the command.
  SampleOptions sample{};
  long seed = -1;  ///< Below 0: that of the config.
  int threads = 0;
  bool json = false;
  bool resume = false;
  bool overwrite = false;
  std::string to{};                      ///< The file that `export` and `import` write.
  std::string as{};                      ///< Its format; empty: by the ending of its name.
  bool int8 = false;                     ///< Whether `export` rounds weights to int8.
  std::string config{};                  ///< A file with the architecture of an imported model.
  std::string module{};                  ///< A file with what PyTorch prints of an imported model.
  std::string then{};                    ///< A function applied to the output of an imported model.
  bool last_step = false;                ///< Layers after the last recurrent one see the last step only.
  int ranks = 1;                         ///< Processes that train together.
  std::string hosts{};                   ///< Machines to start the ranks on, `a:1,b:1`; empty: this machine.
  long local_steps = 1;                  ///< Steps that a rank makes by itself.
  bool bf16 = false;                     ///< Whether gradients travel in half the bytes.
  World* world = nullptr;                ///< The ranks of the job that the tool was started in; null: alone.
  std::vector<std::string> arguments{};  ///< The whole command line, without the program.
  const Registry* registry = nullptr;    ///< Classes that configs may name; null: those of the library.
  std::string target{};                  ///< The column that a config of `init` predicts; empty: a guess.
};

/// A signal interrupted a training. The exit status of the tool is 128 plus the number of the signal.
class Interrupted : public Error {
 public:
  explicit Interrupted(int signal);
  [[nodiscard]] int signal() const { return signal_; }

 private:
  int signal_;
};

// The commands; each prints what it found out. All throw UsageError for what is wrong in flags or config, and others
// for what goes wrong.

void train(const Flags& flags);
/// Replaces this process by mpirun, which starts `flags.ranks` of it. Returns if they are started already. @throws
/// Error if there is no mpirun.
void start_ranks(const Flags& flags);
void evaluate(const Flags& flags);
void predict(const Flags& flags);
void inspect(const Flags& flags);
void export_model(const Flags& flags);
/// Reads a model of another program and writes it as one of Recur.
void import_model(const Flags& flags);
/// Writes a first config for `files`; `file` is the kind of job.
void init(const Flags& flags);
/// Prints the keys of the class `file`, or of all classes that configs may name, with their defaults, in Markdown.
void list_keys(const Flags& flags);
/// Writes made-up data; `file` is its name.
void sample_files(const Flags& flags);
/// Compares gradients with finite differences. Throws Error if they differ.
void check_gradients(const Flags& flags);

}  // namespace recur::tools
