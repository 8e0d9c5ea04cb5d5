#pragma once

#include <recur/io/heat_map.h>
#include <recur/io/line_plot.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace recur {

/// A page about a training: one HTML file without references to others, light or dark as the reader's system is set.
/// Curves show their values under the pointer. Texts are escaped.
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
  Facts tiles;                ///< What matters most, in large letters.
  std::vector<HeatMap> maps;  ///< Stand before the curves.
  std::vector<LinePlot> plots;
  std::vector<Text> texts;
  Table table;        ///< The numbers behind the curves.
  Facts environment;  ///< Machine, compiler …

  [[nodiscard]] std::string html() const;
  /// Writes the page and replaces an existing file as a whole. Throws FormatError if the file cannot be written.
  void save(const std::filesystem::path& path) const;
};

}  // namespace recur
