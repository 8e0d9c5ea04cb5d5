#include <recur/io/line_plot.h>

#include <recur/framework/error.h>
#include <recur/io/atomic_file.h>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

namespace recur {
namespace {

constexpr double width = 860;
constexpr double height = 440;
constexpr double left = 70;
constexpr double right = 20;
constexpr double top = 44;
constexpr double bottom = 52;
// Told apart by colour-blind readers too (Okabe & Ito).
constexpr std::array<const char*, 7> colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                "#e69f00", "#56b4e9", "#000000"};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  void widen() {
    if (!(low <= high)) *this = {0, 1};
    if (low == high) *this = {low - 0.5, high + 0.5};
  }
};

// Distance of 1, 2 or 5 times a power of ten that gives about `wanted` ticks.
double tick_distance(Range r, int wanted) {
  const double rough = (r.high - r.low) / wanted;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double step : {1.0, 2.0, 5.0})
    if (step * power >= rough) return step * power;
  return 10 * power;
}

std::string escape(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') safe += "&lt;";
    else if (c == '&') safe += "&amp;";
    else safe += c;
  }
  return safe;
}

class Canvas {
 public:
  Canvas(Range x, Range y) : x_(x), y_(y) {}

  [[nodiscard]] double across(double v) const {
    return left + (v - x_.low) / (x_.high - x_.low) * (width - left - right);
  }
  [[nodiscard]] double down(double v) const {
    return height - bottom - (v - y_.low) / (y_.high - y_.low) * (height - top - bottom);
  }
  void text(double x, double y, const char* anchor, const std::string& words, const char* more = "") {
    svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor, more,
                        escape(words));
  }
  void line(double x1, double y1, double x2, double y2, const char* colour, double thickness, bool dashed) {
    svg_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"{}\"{}/>\n", x1, y1,
        x2, y2, colour, thickness, dashed ? " stroke-dasharray=\"6 4\"" : "");
  }
  void axes() {
    for (double d = tick_distance(x_, 8), v = std::ceil(x_.low / d) * d; v <= x_.high + 1e-9 * d; v += d) {
      line(across(v), height - bottom, across(v), height - bottom + 5, "#444", 1, false);
      text(across(v), height - bottom + 20, "middle", fmt::format("{:g}", std::abs(v) < 1e-9 * d ? 0 : v));
    }
    for (double d = tick_distance(y_, 6), v = std::ceil(y_.low / d) * d; v <= y_.high + 1e-9 * d; v += d) {
      line(left, down(v), width - right, down(v), "#e4e4e4", 1, false);
      text(left - 8, down(v) + 4, "end", fmt::format("{:g}", std::abs(v) < 1e-9 * d ? 0 : v));
    }
    line(left, height - bottom, width - right, height - bottom, "#444", 1, false);
  }
  void curve(std::span<const double> x, std::span<const double> y, const char* colour, bool dashed) {
    std::string path;
    bool drawing = false;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool shown = std::isfinite(x[i]) && std::isfinite(y[i]);
      if (shown) path += fmt::format("{}{:.1f} {:.1f}", drawing ? " L" : " M", across(x[i]), down(y[i]));
      drawing = shown;
    }
    svg_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{}/>\n", path, colour,
                        dashed ? " stroke-dasharray=\"6 4\"" : "");
  }
  [[nodiscard]] std::string finish() const {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"sans-serif\" "
        "font-size=\"12\" fill=\"#222\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n{2}</svg>\n",
        width, height, svg_);
  }

 private:
  Range x_;
  Range y_;
  std::string svg_;
};

}  // namespace

void LinePlot::add(std::string name, std::span<const double> x, std::span<const double> y, bool dashed) {
  require(x.size() == y.size(), "LinePlot::add: '{}' has {} x and {} y values", name, x.size(), y.size());
  curves_.push_back({std::move(name), {x.begin(), x.end()}, {y.begin(), y.end()}, dashed});
}

void LinePlot::save(const std::filesystem::path& path) const {
  require<StateError>(!curves_.empty(), "LinePlot::save: '{}' has no curves", title_);
  Range x;
  Range y;
  for (const Curve& curve : curves_) {
    for (const double v : curve.x) x.include(v);
    for (const double v : curve.y) y.include(v);
  }
  x.widen();
  y.widen();
  Canvas canvas(x, y);
  canvas.axes();
  double legend = left + 10;
  for (std::size_t i = 0; i < curves_.size(); ++i) {
    const char* const colour = colours[i % colours.size()];
    canvas.curve(curves_[i].x, curves_[i].y, colour, curves_[i].dashed);
    canvas.line(legend, top - 8, legend + 22, top - 8, colour, 2, curves_[i].dashed);
    canvas.text(legend + 28, top - 4, "start", curves_[i].name);
    legend += 48 + 7.0 * static_cast<double>(curves_[i].name.size());
  }
  canvas.text(width / 2, 20, "middle", title_, "font-size=\"15\"");
  canvas.text((left + width - right) / 2, height - 12, "middle", x_label_);
  canvas.text(16, height / 2, "middle", y_label_, fmt::format("transform=\"rotate(-90 16 {})\"", height / 2).c_str());
  AtomicFile file(path);
  file.write(canvas.finish());
  file.commit();
}

}  // namespace recur
