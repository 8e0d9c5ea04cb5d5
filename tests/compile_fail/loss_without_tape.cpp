// Must not compile: a loss that takes no tape.
#include <recur/layers/losses.h>
#include <recur/layers/sequential.h>
#include <recur/train/data/dataset.h>
#include <recur/train/loop/trainer.h>

void train(recur::Trainer& trainer, recur::Tape& tape, recur::Batches& batches, recur::Sequential& model) {
  trainer.fit(tape, batches, [&](const recur::Batch& batch) {
    return recur::mean_squared_error(model(tape.constant(batch.inputs)), tape.constant(batch.targets));
  });
}
