// Must not compile: the message must say which parameter a hook has.
#include <recur/train/loop/trainer.h>

struct Stop {
  bool on_epoch_end(const recur::EpochReport& report) { return report.train_loss < 1; }
};

void add_to(recur::Trainer& trainer) { trainer.add(Stop{}); }
