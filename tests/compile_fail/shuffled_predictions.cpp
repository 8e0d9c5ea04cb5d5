// Must not compile: predictions would come in the order of the shuffle.
#include <recur/layers/dense.h>
#include <recur/train/data/dataset.h>
#include <recur/train/loop/trainer.h>
#include <recur/train/views/batch.h>
#include <recur/train/views/shuffle.h>

auto predict(recur::Tape& tape, recur::Dense& dense, const recur::TensorDataset& data) {
  auto batches = recur::views::batch(recur::views::shuffle(data, 1), 2);
  return recur::Trainer::predict(
      tape, batches, [&](recur::Tape& t, const recur::Batch& batch) { return dense(t.constant(batch.inputs)); });
}
