#pragma once

#include <recur/train/data/vocabulary.h>

#include <optional>
#include <string>

#include "settings.h"
#include "source.h"

namespace recur::tools {

/// The least possible value of a loss.
struct Optimum {
  std::string loss;  ///< Name of the loss.
  double value;
};

/// The data of a config.
struct Data {
  Source training;  ///< Empty if only validation data was read.
  Source validation;
  std::optional<Vocabulary> vocabulary{};  ///< Characters of text data.
  std::vector<std::string> columns{};      ///< Columns of CSV data.
  std::optional<Optimum> optimum{};
};

struct DataOptions {
  Index batch = 32;
  std::uint64_t seed = 0;
  bool training = true;                    ///< Whether to read the training data, too.
  bool one_stream = false;                 ///< Reads a text as one stream, so that outputs have the order of the text.
  std::optional<Vocabulary> vocabulary{};  ///< Characters of a trained model.
  std::vector<std::string> columns{};      ///< Columns of a trained model; they are found by name in a file.

  [[nodiscard]] Cut shuffled() const { return {batch, seed}; }
  [[nodiscard]] Cut in_order() const { return {batch, std::nullopt}; }
};

/// Reads the data that a config describes. Throws UsageError, with the JSON pointer of the mistake, if it is wrong.
[[nodiscard]] Data read_data(Settings data, const DataOptions& options);

/// Reads the keys of data of kind `sample`, which is generated anew for each epoch.
[[nodiscard]] Data read_sample(Settings& data, const DataOptions& options);

/// The keys `time` and `stream`, which say how ids are cut into batches.
struct TextCut {
  Index time;
  bool stream;

  explicit TextCut(Settings& data) : time(data.integer("time", 64, 1)), stream(data.flag("stream")) {}
  [[nodiscard]] Source operator()(const IdSequence& ids, const Cut& cut, bool one_stream) const {
    return stream ? tools::stream(ids, time, one_stream ? 1 : cut.batch) : windows(ids, time, cut);
  }
};

/// Reads the keys `length`, `horizon`, `stride` and `every_step`.
[[nodiscard]] WindowOptions read_windows(Settings& data);

}  // namespace recur::tools
