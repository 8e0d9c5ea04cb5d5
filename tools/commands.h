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
  std::string file;              ///< A config; for most commands a model file or a run's folder will do, too.
  std::string model;             ///< Empty: that of the config's run.
  std::string data;              ///< A file to judge by in place of the config's; empty: none.
  std::vector<std::string> set;  ///< Assignments, see `Settings::set`.
  std::string output = "predictions.npy";
  SampleOptions sample{};
  long seed = -1;  ///< Below 0: the config's.
  int threads = 0;
  bool json = false;
  bool resume = false;
  bool overwrite = false;
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

// The commands; each prints what it found out. All throw UsageError for what is wrong in flags or config, and others for what
// goes wrong.

void train(const Flags& flags);
void evaluate(const Flags& flags);
void predict(const Flags& flags);
void inspect(const Flags& flags);
/// @throws Error when gradients are wrong
void check_gradients(const Flags& flags);

}  // namespace recur::tools
