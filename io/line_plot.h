#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace recur {

/// Curves in one pair of axes, saved as an SVG file.
class LinePlot {
 public:
  LinePlot(std::string title, std::string x_label, std::string y_label)
      : title_(std::move(title)), x_label_(std::move(x_label)), y_label_(std::move(y_label)) {}

  /// Adds a curve through the points. Points that are not finite interrupt it. Throws ShapeError if x and y differ in
  /// number.
  void add(std::string name, std::span<const double> x, std::span<const double> y, bool dashed = false);
  /// Writes the SVG file and replaces an existing file as a whole. Throws StateError if there are no curves,
  /// FormatError if the file cannot be written.
  void save(const std::filesystem::path& path) const;
  /// Returns the text of the SVG file. Throws StateError if there are no curves.
  [[nodiscard]] std::string svg() const;
  /// Returns the picture for a page of HTML, without title, size, background and colours. The page's style gives them
  /// for the classes `grid`, `axis`, and `c` and `c<i mod 7>` of curve i. Letters have about a font size of 17. Throws
  /// StateError if there are no curves.
  [[nodiscard]] std::string fragment() const;

  struct Curve {
    std::string name;
    std::vector<double> x;
    std::vector<double> y;
    bool dashed;
  };
  [[nodiscard]] const std::string& title() const { return title_; }
  [[nodiscard]] const std::string& x_label() const { return x_label_; }
  [[nodiscard]] const std::vector<Curve>& curves() const { return curves_; }

 private:
  friend std::string panels_svg(std::span<const LinePlot> plots);
  [[nodiscard]] std::string elements(bool titled) const;
  std::string title_;
  std::string x_label_;
  std::string y_label_;
  std::vector<Curve> curves_;
};

/// Returns several plots as one SVG picture, two side by side. Throws StateError if there are no plots, or a plot has
/// no curves.
[[nodiscard]] std::string panels_svg(std::span<const LinePlot> plots);
/// Writes several plots as one SVG file. Throws StateError if there are no plots or a plot has no curves, FormatError
/// if the file cannot be written.
void save_panels(const std::filesystem::path& path, std::span<const LinePlot> plots);

}  // namespace recur
