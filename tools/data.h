#pragma once

#include <recur/train/data/vocabulary.h>

#include <optional>
#include <string>

#include "settings.h"
#include "source.h"

namespace recur::tools {

/// What no model can beat, where that is known.
struct Optimum {
  std::string loss;  ///< The loss it is of.
  double value;
};

/// What a config's `data` describes.
struct Data {
  Source training;  ///< Empty where only the other was wanted.
  Source validation;
  std::optional<Vocabulary> vocabulary{};  ///< Of text.
  std::vector<std::string> columns{};      ///< Of a table.
  std::optional<Optimum> optimum{};
};

struct DataOptions {
  Index batch = 32;
  std::uint64_t seed = 0;
  bool training = true;     ///< Whether the training data is wanted, too.
  bool one_stream = false;  ///< Streams are not read side by side, so that outputs come in the order of the text.
  std::optional<Vocabulary> vocabulary{};  ///< Of the model, if it is trained already.
  std::vector<std::string>
      columns{};  ///< Of the model, if it is trained already: found by name, wherever they stand in a file.

  [[nodiscard]] Cut shuffled() const { return {batch, seed}; }
  [[nodiscard]] Cut in_order() const { return {batch, std::nullopt}; }
};

/// @throws UsageError with the JSON pointer of what is wrong
[[nodiscard]] Data read_data(Settings data, const DataOptions& options);

/// Data of kind `sample`: made up, other data in every epoch.
[[nodiscard]] Data read_sample(Settings& data, const DataOptions& options);

/// What the keys `time` and `stream` say of ids.
struct TextCut {
  Index time;
  bool stream;

  explicit TextCut(Settings& data) : time(data.integer("time", 64, 1)), stream(data.flag("stream")) {}
  [[nodiscard]] Source operator()(const IdSequence& ids, const Cut& cut, bool one_stream) const {
    return stream ? tools::stream(ids, time, one_stream ? 1 : cut.batch) : windows(ids, time, cut);
  }
};

/// The keys `length`, `horizon`, `stride` and `every_step`.
[[nodiscard]] WindowOptions read_windows(Settings& data);

}  // namespace recur::tools
