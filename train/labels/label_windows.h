#pragma once

#include <recur/train/data/example.h>
#include <recur/train/labels/recordings.h>

#include <span>
#include <vector>

namespace recur {

struct LabelWindowOptions {
  Index length = 0;         ///< Rows of a window; 0: whole recordings, of any length.
  Index stride = 0;         ///< From one window to the next; 0: `length`, so that windows do not overlap.
  bool every_step = false;  ///< A label for each row, rather than one for a window.
};

/// A piece of one recording.
struct LabelWindow {
  Index recording;
  Index first;
  Index rows;
};

/// Windows of the recordings of a part, none of which crosses a recording. Of a recording that is shorter than a window
/// there is one with all its rows; what is left at the end of a longer one gets a window that ends with the recording.
/// Throws ValueError for negative options.
[[nodiscard]] std::vector<LabelWindow> label_windows(const LabelledRecordings& recordings, Part part,
                                                     const LabelWindowOptions& options);

/// The label of a window: the most frequent one of its rows, the last of several; -1 if none has one.
[[nodiscard]] std::int32_t label_of(const LabelledRecordings& recordings, const LabelWindow& window);

/// Windows side by side, padded with zeros: inputs `[windows, rows, inputs]`, targets `[windows]` or, of every step,
/// `[windows, rows]` with -1 for padding and where there is no label.
[[nodiscard]] PaddedBatch gather(const LabelledRecordings& recordings, std::span<const LabelWindow> windows,
                                 bool every_step);

/// The weight of each class, so that all together weigh as much as without weights and each class as much as any other:
/// windows (or rows) / (classes · those of the class). Classes without any have weight 1.
[[nodiscard]] std::vector<float> balanced_weights(const LabelledRecordings& recordings,
                                                  std::span<const LabelWindow> windows, bool every_step);

}  // namespace recur
