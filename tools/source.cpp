#include "source.h"

#include <recur/train/data/sequences.h>
#include <recur/train/data/stream_batches.h>
#include <recur/train/views/bucket_by_length.h>

#include <algorithm>
#include <numeric>

namespace recur::tools {
namespace {

PaddedBatch padded(Batch batch) { return {std::move(batch.inputs), std::move(batch.targets), {}}; }

/// Batches of numbers from 0 to `count`.
class Order {
 public:
  Order(Index count, const Cut& cut) : cut_(cut), numbers_(static_cast<std::size_t>(count)) { start_epoch(0); }

  void start_epoch(Index epoch) {
    std::iota(numbers_.begin(), numbers_.end(), Index{0});
    if (cut_.shuffle) Generator(*cut_.shuffle).fork(static_cast<std::uint64_t>(epoch)).shuffle(numbers_);
  }
  [[nodiscard]] Index size() const { return (static_cast<Index>(numbers_.size()) + cut_.batch - 1) / cut_.batch; }
  [[nodiscard]] std::span<const Index> operator[](Index batch) const {
    const auto first = static_cast<std::size_t>(batch * cut_.batch);
    return std::span(numbers_).subspan(first, std::min(static_cast<std::size_t>(cut_.batch), numbers_.size() - first));
  }

 private:
  Cut cut_;
  std::vector<Index> numbers_;
};

/// Sequences and the batches of numbers they are in.
struct Buckets {
  SequenceDataset sequences;
  std::vector<Index> lengths;
  Cut cut;
  std::vector<std::vector<Index>> batches;

  void start_epoch(Index epoch) {
    if (cut.shuffle) {
      batches = views::bucket(lengths, {.batch = cut.batch, .seed = *cut.shuffle}, epoch);
      return;
    }
    batches.clear();
    const Order order(sequences.size(), cut);
    for (Index i = 0; i < order.size(); ++i) batches.emplace_back(order[i].begin(), order[i].end());
  }
  [[nodiscard]] PaddedBatch operator[](Index index) const {
    const std::vector<Index>& numbers = batches[static_cast<std::size_t>(index)];
    std::vector<Example> examples;
    for (const Index number : numbers) examples.push_back(sequences[number]);
    return pad(examples);
  }
};

}  // namespace

Source examples(Tensor<float> inputs, Tensor<float> targets, const Cut& cut) {
  const auto data = std::make_shared<TensorDataset>(std::move(inputs), std::move(targets));
  require<ValueError>(data->size() > 0, "there are no examples");
  const auto order = std::make_shared<Order>(data->size(), cut);
  return {order->size(), [data, order](Index i) { return padded(data->gather((*order)[i])); },
          [order](Index epoch) { order->start_epoch(epoch); }};
}

Source ragged(Ragged given, const Cut& cut) {
  const auto count = static_cast<Index>(given.lengths.size());
  const Index steps = std::accumulate(given.lengths.begin(), given.lengths.end(), Index{0});
  require<ValueError>(std::ranges::all_of(given.lengths, [](Index length) { return length > 0; }),
                      "there is a sequence without steps");
  require(given.targets.shape().rank() > 0, "the targets are a single number");
  const Index rows = given.targets.shape()[0];
  require(rows == (given.labels ? count : steps), "there are {} targets for {} sequences with {} steps in all", rows,
          count, steps);
  SequenceDataset sequences =
      given.labels ? SequenceDataset::labelled(std::move(given.inputs), std::move(given.targets), given.lengths)
                   : SequenceDataset(std::move(given.inputs), std::move(given.targets), given.lengths);
  const auto buckets = std::make_shared<Buckets>(Buckets{std::move(sequences), std::move(given.lengths), cut, {}});
  buckets->start_epoch(0);
  return {static_cast<Index>(buckets->batches.size()), [buckets](Index i) { return (*buckets)[i]; },
          [buckets](Index epoch) { buckets->start_epoch(epoch); }};
}

Source windows(const IdSequence& ids, Index time, const Cut& cut) {
  const Index count = (ids.size() - 1) / time;
  require<ValueError>(count >= 1, "{} characters are too few for a window of {}", ids.size(), time);
  const auto order = std::make_shared<Order>(count, cut);
  const auto batch = [ids, time, order](Index i) {
    const auto numbers = (*order)[i];
    const Shape shape{static_cast<Index>(numbers.size()), time};
    PaddedBatch result{Tensor<float>(shape), Tensor<float>(shape), {}};
    std::vector<std::int32_t> window(static_cast<std::size_t>(time) + 1);
    for (Index row = 0; row < shape[0]; ++row) {
      ids.read(numbers[static_cast<std::size_t>(row)] * time, window);
      for (Index t = 0; t < time; ++t) {
        result.inputs(row, t) = static_cast<float>(window[static_cast<std::size_t>(t)]);
        result.targets(row, t) = static_cast<float>(window[static_cast<std::size_t>(t) + 1]);
      }
    }
    return result;
  };
  return Source(order->size(), batch, [order](Index epoch) { order->start_epoch(epoch); }).predicting_next();
}

Source stream(const IdSequence& ids, Index time, Index batch) {
  require<ValueError>(ids.size() > time, "{} characters are too few for a window of {}", ids.size(), time);
  const Index streams = std::min(batch, (ids.size() - 1) / time);
  const StreamBatches batches(ids, streams, time);
  const auto read = [batches](Index i) {
    const StreamWindow window = batches[i];  // by steps
    const Shape shape{batches.batch(), batches.time()};
    PaddedBatch result{Tensor<float>(shape), Tensor<float>(shape), {}};
    for (Index row = 0; row < shape[0]; ++row)
      for (Index t = 0; t < shape[1]; ++t) {
        const auto at = static_cast<std::size_t>(t * shape[0] + row);
        result.inputs(row, t) = static_cast<float>(window.inputs[at]);
        result.targets(row, t) = static_cast<float>(window.targets[at]);
      }
    return result;
  };
  return Source(batches.size(), read, {}, true).predicting_next();
}

Source series(Tensor<float> values, const WindowOptions& options, const Cut& cut) {
  const auto all = std::make_shared<Windows>(std::move(values), options);
  const auto order = std::make_shared<Order>(all->size(), cut);
  const auto batch = [all, order, every_step = options.every_step](Index i) {
    std::vector<Example> examples;
    for (const Index number : (*order)[i]) examples.push_back((*all)[number]);
    Batch result = stack(examples);
    const Shape shape = result.targets.shape();
    if (!every_step) result.targets.reshape({shape[0], shape.count() / shape[0]});
    return padded(std::move(result));
  };
  return Source(order->size(), batch, [order](Index epoch) { order->start_epoch(epoch); })
      .predicting_next(options.every_step);
}

Source fresh(std::function<Source(Index epoch)> make) {
  struct Present {
    Index epoch = 1;
    Source source;
  };
  const auto present = std::make_shared<Present>(Present{1, make(1)});
  const auto start = [present, make = std::move(make)](Index epoch) {
    if (epoch != present->epoch) *present = {epoch, make(epoch)};
    require<StateError>(present->source.size() > 0, "fresh: epoch {} has no batches", epoch);
    present->source.start_epoch(epoch);
  };
  return Source(
             present->source.size(), [present](Index i) { return present->source[i]; }, start,
             present->source.continues())
      .predicting_next(present->source.predicts_next());
}

}  // namespace recur::tools
