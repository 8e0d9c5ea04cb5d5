#include <recur/io/line_plot.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/atomic_file.h>
#include <recur/io/html.h>

#include <fmt/format.h>

#include <algorithm>
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
constexpr std::size_t colours = 7;
// Told apart by colour-blind readers too (Okabe & Ito).
constexpr const char* style = R"(<style>
text{fill:#222}.grid{stroke:#e4e4e4}.axis{stroke:#444}.c{fill:none;stroke-width:2;stroke-linejoin:round}
.c0{stroke:#0072b2}.c1{stroke:#d55e00}.c2{stroke:#009e73}.c3{stroke:#cc79a7}.c4{stroke:#e69f00}.c5{stroke:#56b4e9}.c6{stroke:#000}
</style>
)";

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
    if (low == high) {
      const double half = low == 0 ? 0.5 : std::abs(low) / 2;
      *this = {low - half, high + half};
    }
  }
  // Room above and below, so that no curve runs along the frame.
  void pad() {
    const double margin = 0.04 * (high - low);
    low -= margin;
    high += margin;
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

class Canvas {
 public:
  Canvas(Range x, Range y, bool whole_x) : x_(x), y_(y), whole_x_(whole_x) {}

  [[nodiscard]] double across(double v) const {
    return left + (v - x_.low) / (x_.high - x_.low) * (width - left - right);
  }
  [[nodiscard]] double down(double v) const {
    return height - bottom - (v - y_.low) / (y_.high - y_.low) * (height - top - bottom);
  }
  void text(double x, double y, const char* anchor, const std::string& words, const char* more = "") {
    svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor, more,
                        escape_html(words));
  }
  void line(double x1, double y1, double x2, double y2, const std::string& classes, bool dashed = false) {
    svg_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"{}/>\n", x1, y1, x2,
                        y2, classes, dash(dashed));
  }
  void axes() {
    const double distance = tick_distance(x_, 8);
    for (double d = whole_x_ ? std::max(1.0, distance) : distance, v = std::ceil(x_.low / d) * d;
         v <= x_.high + 1e-9 * d; v += d) {
      line(across(v), height - bottom, across(v), height - bottom + 5, "axis");
      text(across(v), height - bottom + 20, "middle", fmt::format("{:g}", std::abs(v) < 1e-9 * d ? 0 : v));
    }
    for (double d = tick_distance(y_, 6), v = std::ceil(y_.low / d) * d; v <= y_.high + 1e-9 * d; v += d) {
      line(left, down(v), width - right, down(v), "grid");
      text(left - 8, down(v) + 4, "end", fmt::format("{:.6g}", std::abs(v) < 1e-9 * d ? 0 : v));
    }
    line(left, height - bottom, width - right, height - bottom, "axis");
  }
  void curve(std::span<const double> x, std::span<const double> y, const std::string& classes, bool dashed) {
    constexpr std::size_t few = 30;  // points that are shown as such
    std::string path;
    std::string points;
    bool drawing = false;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool shown = std::isfinite(x[i]) && std::isfinite(y[i]);
      if (shown) path += fmt::format("{}{:.1f} {:.1f}", drawing ? " L" : " M", across(x[i]), down(y[i]));
      if (shown && x.size() <= few)
        points += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\" class=\"{}\"/>\n", across(x[i]), down(y[i]),
                              classes);
      drawing = shown;
    }
    svg_ += fmt::format("<path d=\"{}\" fill=\"none\" class=\"{}\"{}/>\n{}", path, classes, dash(dashed), points);
  }
  [[nodiscard]] std::string take() { return std::move(svg_); }

 private:
  static const char* dash(bool dashed) { return dashed ? " stroke-dasharray=\"6 4\"" : ""; }

  Range x_;
  Range y_;
  bool whole_x_;
  std::string svg_;
};

}  // namespace

void LinePlot::add(std::string name, std::span<const double> x, std::span<const double> y, bool dashed) {
  require(x.size() == y.size(), "LinePlot::add: '{}' has {} x and {} y values", name, x.size(), y.size());
  curves_.push_back({std::move(name), {x.begin(), x.end()}, {y.begin(), y.end()}, dashed});
}

std::string LinePlot::elements(bool titled) const {
  require<StateError>(!curves_.empty(), "LinePlot::save: '{}' has no curves", title_);
  Range x;
  Range y;
  bool whole = true;
  for (const Curve& curve : curves_) {
    for (const double v : curve.x) {
      x.include(v);
      whole = whole && v == std::floor(v);
    }
    for (const double v : curve.y) y.include(v);
  }
  x.widen();
  y.widen();
  y.pad();
  Canvas canvas(x, y, whole);
  canvas.axes();
  double legend = left + 10;
  const double letter = titled ? 7 : 9.5;  // its width; a page is expected to use letters of 17
  for (std::size_t i = 0; i < curves_.size(); ++i) {
    const std::string classes = fmt::format("c c{}", i % colours);
    canvas.curve(curves_[i].x, curves_[i].y, classes, curves_[i].dashed);
    if (curves_.size() == 1 && (!titled || curves_[0].name == title_)) continue;  // the title says what it is
    canvas.line(legend, top - 8, legend + 22, top - 8, classes, curves_[i].dashed);
    canvas.text(legend + 28, top - 4, "start", curves_[i].name);
    legend += 48 + letter * static_cast<double>(curves_[i].name.size());
  }
  if (titled) canvas.text(width / 2, 20, "middle", title_, "font-size=\"15\"");
  canvas.text((left + width - right) / 2, height - 12, "middle", x_label_);
  canvas.text(16, height / 2, "middle", y_label_, fmt::format("transform=\"rotate(-90 16 {})\"", height / 2).c_str());
  // Whoever knows these can tell which x a place in the picture stands for.
  return fmt::format(
      "<g data-left=\"{}\" data-right=\"{}\" data-top=\"{}\" data-bottom=\"{}\" data-low=\"{}\" "
      "data-high=\"{}\">\n{}</g>\n",
      left, width - right, top, height - bottom, x.low, x.high, canvas.take());
}

std::string LinePlot::svg() const { return panels_svg(std::span(this, 1)); }

std::string panels_svg(std::span<const LinePlot> plots) {
  require<StateError>(!plots.empty(), "panels_svg: no plots");
  const std::size_t columns = std::min<std::size_t>(2, plots.size());
  const std::size_t rows = (plots.size() + columns - 1) / columns;
  std::string panels;
  for (std::size_t i = 0; i < plots.size(); ++i)
    panels += fmt::format("<g transform=\"translate({} {})\">\n{}</g>\n", static_cast<double>(i % columns) * width,
                          static_cast<double>(i / columns) * height, plots[i].elements(true));
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n{2}<rect width=\"{0}\" height=\"{1}\" "
      "fill=\"white\"/>\n{3}</svg>\n",
      static_cast<double>(columns) * width, static_cast<double>(rows) * height, style, panels);
}

std::string LinePlot::fragment() const {
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n", width, height,
                     escape_html(title_), elements(false));
}

void LinePlot::save(const std::filesystem::path& path) const { save_panels(path, std::span(this, 1)); }

void save_panels(const std::filesystem::path& path, std::span<const LinePlot> plots) {
  const std::string picture = panels_svg(plots);
  AtomicFile file(path);
  file.write(picture);
  file.commit();
}

}  // namespace recur
