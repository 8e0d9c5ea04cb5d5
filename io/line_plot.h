#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace recur {

/// Curves in one pair of axes, saved as an SVG file that any browser shows.
class LinePlot {
 public:
  LinePlot(std::string title, std::string x_label, std::string y_label)
      : title_(std::move(title)), x_label_(std::move(x_label)), y_label_(std::move(y_label)) {}

  /// A curve through the points; ones that are not finite break it. @throws ShapeError when x and y differ in number.
  void add(std::string name, std::span<const double> x, std::span<const double> y, bool dashed = false);
  /// @throws StateError without curves, FormatError when the file cannot be written; a file that was there is replaced whole.
  void save(const std::filesystem::path& path) const;
  /// What `save` writes. @throws StateError without curves.
  [[nodiscard]] std::string svg() const;
  /// The picture to be put into a page of HTML: without title, size, background and colours. These are given by the page's style
  /// for the classes `grid`, `axis` and, for curve number i, `c` and `c<i mod 7>`; letters have about a font size of 17.
  /// @throws as `svg`
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

/// Several plots as one picture, two side by side (one alone fills it). @throws StateError without plots, or for one without curves
[[nodiscard]] std::string panels_svg(std::span<const LinePlot> plots);
/// Saves it. @throws as `panels_svg` and `LinePlot::save`
void save_panels(const std::filesystem::path& path, std::span<const LinePlot> plots);

}  // namespace recur
