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

 private:
  struct Curve {
    std::string name;
    std::vector<double> x;
    std::vector<double> y;
    bool dashed;
  };
  std::string title_;
  std::string x_label_;
  std::string y_label_;
  std::vector<Curve> curves_;
};

}  // namespace recur
