#pragma once

#include <recur/io/line_plot.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace recur {

/// A page about a training: one HTML file that needs no other, in light or dark as the reader's system is. Curves tell their
/// values under the pointer. All texts are shown as they are.
struct ReportPage {
  using Facts = std::vector<std::pair<std::string, std::string>>;
  struct Text {
    std::string title;
    std::string text;
    bool open = true;  ///< Else it is unfolded by a click.
  };
  struct Table {
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
  };

  std::string title;
  std::string subtitle;
  Facts tiles;  ///< What matters most, in large letters.
  std::vector<LinePlot> plots;
  std::vector<Text> texts;
  Table table;        ///< The numbers behind the curves.
  Facts environment;  ///< Machine, compiler …

  [[nodiscard]] std::string html() const;
  /// @throws FormatError when the file cannot be written; a file that was there is replaced whole.
  void save(const std::filesystem::path& path) const;
};

}  // namespace recur
