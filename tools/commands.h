#pragma once

#include <recur/framework/tensor/error.h>

#include <string>
#include <vector>

#include "text_sampler.h"

namespace recur {
class Registry;
}

namespace recur::tools {

/// What the command line says.
struct Flags {
  std::string file;                ///< A config; for most commands a model file or a run's folder will do, too.
  std::vector<std::string> files;  ///< To make a config for.
  std::string model;               ///< Empty: that of the config's run.
  std::string data;                ///< A file to judge by in place of the config's; empty: none.
  std::vector<std::string> set;    ///< Assignments, see `Settings::set`.
  std::string output = "predictions.npy";
  std::string part{};  ///< Of tables: training, validation, test, all or last; empty: as the command has it.
  SampleOptions sample{};
  long seed = -1;  ///< Below 0: the config's.
  int threads = 0;
  bool json = false;
  bool resume = false;
  bool overwrite = false;
  std::string to{};                    ///< The file that `export` and `import` write …
  std::string as{};                    ///< … and its format; empty: what the ending says.
  bool int8 = false;                   ///< Whether `export` rounds weights to int8.
  std::string config{};                ///< A file with the architecture of an imported model.
  std::string module{};                ///< A file with what PyTorch prints of it.
  std::string then{};                  ///< A function applied to its output.
  bool last_step = false;              ///< The layer after its last recurrent one sees the last step only.
  const Registry* registry = nullptr;  ///< The classes that configs may name; null: the library's.
};

/// A training was ended by a signal before it was over: the tool's exit status is 128 and the signal's number.
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
void evaluate(const Flags& flags);
void predict(const Flags& flags);
void inspect(const Flags& flags);
void export_model(const Flags& flags);
/// Reads a model of another program and writes it as one of Recur.
void import_model(const Flags& flags);
/// Writes a first config from a look at `files`; `file` is the kind of job.
void init(const Flags& flags);
/// Prints the keys of the class `file`, or of all classes that configs may name, with their defaults, in Markdown.
void list_keys(const Flags& flags);
/// @throws Error when gradients are wrong
void check_gradients(const Flags& flags);

}  // namespace recur::tools
