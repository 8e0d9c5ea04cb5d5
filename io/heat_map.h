#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace recur {

/// A matrix of shares drawn as cells, the more of the colour the larger the share, for a page of HTML.
struct HeatMap {
  struct Axis {
    std::string label;
    /// A name for each row or column. Empty names are left out, as between the ticks of a time axis.
    std::vector<std::string> names;
  };

  std::string title;
  Axis rows;     ///< The first one is at the top.
  Axis columns;  ///< Names that do not fit beside each other are turned.
  /// From 0 to 1, `[rows, columns]`. Cells below 0.005 are left empty.
  std::vector<double> shares;
  std::vector<std::string> texts{};                          ///< A text for each cell, or none at all.
  std::vector<std::pair<std::size_t, std::size_t>> marks{};  ///< Cells (row, column) with a ring.
  std::string marked{};                                      ///< What a ring means; below the title.

  /// Returns the picture as SVG without size, background and colours. The page's style gives them for the classes
  /// `cell`, `on` (text on a dark cell), `frame` and `ring`; letters have a font size of 17. The pointer shows the
  /// share of a cell. Throws ShapeError if `shares` or `texts` do not fit to the names or a mark lies outside,
  /// ValueError if there are no cells.
  [[nodiscard]] std::string fragment() const;
};

}  // namespace recur
