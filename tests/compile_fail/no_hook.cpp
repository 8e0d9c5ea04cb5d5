// Must not compile: a class without hooks is not a callback.
#include <recur/train/loop/trainer.h>

struct Nothing {};

void add_to(recur::Trainer& trainer) { trainer.add(Nothing{}); }
