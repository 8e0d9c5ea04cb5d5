// Must not compile: a const source of batches would never be shuffled.
#include <recur/layers/dense.h>
#include <recur/layers/losses.h>
#include <recur/optim/optimizers.h>
#include <recur/train/data/dataset.h>
#include <recur/train/loop/trainer.h>

void train(recur::Tape& tape, recur::Trainer& trainer, recur::Dense& dense, const recur::Batches& batches) {
  trainer.fit(tape, batches, [&](recur::Tape& t, const recur::Batch& batch) {
    return recur::mean_squared_error(dense(t.constant(batch.inputs)), t.constant(batch.targets));
  });
}
