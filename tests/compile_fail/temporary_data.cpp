// Must not compile: the data set would be gone before its first batch.
#include <recur/train/data/dataset.h>

recur::Batches batches(recur::Batch all) {
  return recur::Batches(recur::TensorDataset(std::move(all.inputs), std::move(all.targets)), {.batch = 2});
}
