#pragma once

#include <recur/train/data/share.h>
#include <recur/train/tables/table_windows.h>

#include <optional>
#include <vector>

namespace recur::tools {

/// Windows side by side, or some steps of them.
struct TableSteps : WindowBatch {
  bool begins = true;       ///< Whether these are the first steps of the windows.
  Tensor<float> warm_up{};  ///< Inputs of steps before these, without loss and gradient; empty: there are none.
};

struct TableBatchOptions {
  Index batch = 32;                        ///< Windows.
  std::optional<std::uint64_t> shuffle{};  ///< The seed of their order in each epoch; none: they stay in order.
  Index truncate = 0;                      ///< Steps through which gradients go; 0: all of a window.
};

/// Windows of a part, in batches. Where backpropagation is truncated, the steps of a batch of windows follow each other
/// as items of their own.
class TableBatches {
 public:
  TableBatches(const TableWindows& windows, std::vector<WindowEnd> ends, TableBatchOptions options);

  [[nodiscard]] Index size() const;
  [[nodiscard]] TableSteps operator[](Index index) const { return steps(index, ends(index)); }
  [[nodiscard]] std::span<const WindowEnd> ends(Index index) const;
  /// The windows of one rank of a batch.
  [[nodiscard]] TableSteps share(Index index, const Share& share) const;
  void start_epoch(Index epoch);

 private:
  [[nodiscard]] Index pieces() const;  // of a window
  [[nodiscard]] TableSteps steps(Index index, std::span<const WindowEnd> ends) const;

  const TableWindows& windows_;
  std::vector<WindowEnd> ends_, order_;
  TableBatchOptions options_;
};

}  // namespace recur::tools
