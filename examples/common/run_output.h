#pragma once

#include "command_line.h"

#include <recur/train/callbacks/run_folder.h>
#include <recur/train/loop/trainer.h>

namespace recur::examples {

/// What a program tells of its training: a line for each epoch, the result at the end, and with `--run` a folder with logs, curves and
/// a page. Make it before `fit`, after the callbacks whose metrics are to be shown.
class RunOutput {
 public:
  RunOutput(Trainer& trainer, const RunOptions& options);

  /// The last words on standard output: one JSON object, or a line for each number. They stand at the top of the page, too.
  void result(const NamedNumbers& numbers);
  /// Something the model made: on standard output (with `--json` on standard error) and on the page.
  void sample(const std::string& title, const std::string& text);

 private:
  bool json_;
  RunFolder* folder_ = nullptr;
};

}  // namespace recur::examples
