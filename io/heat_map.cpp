#include <recur/io/heat_map.h>

#include <recur/framework/tensor/error.h>
#include <recur/io/html.h>

#include <fmt/format.h>

#include <algorithm>

namespace recur {
namespace {

constexpr double map_width = 860;
constexpr double map_letter = 9.5;  // width of one at a font size of 17
constexpr std::size_t most_letters = 18;

bool continues_letter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

/// The first letters of a name, by UTF-8 characters.
std::string shortened(const std::string& name) {
  std::size_t letters = 0, cut = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (continues_letter(name[i])) continue;
    if (++letters == most_letters) cut = i;
    if (letters > most_letters) return name.substr(0, cut) + "…";
  }
  return name;
}

double longest(const std::vector<std::string>& names) {
  std::size_t letters = 1;
  for (const std::string& name : names) {
    const std::string shown = shortened(name);
    letters =
        std::max(letters, shown.size() - static_cast<std::size_t>(std::ranges::count_if(shown, continues_letter)));
  }
  return map_letter * static_cast<double>(letters);
}

/// The least number of columns from one name to the next.
std::size_t distance_of_names(const std::vector<std::string>& names) {
  std::size_t least = names.size(), last = names.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    if (last < names.size()) least = std::min(least, i - last);
    last = i;
  }
  return least;
}

/// Places of the cells.
struct Frame {
  double left, top, cell_width, cell_height, names_below;
  bool turned;  // the names of columns

  explicit Frame(const HeatMap& map) {
    const auto rows = static_cast<double>(map.rows.names.size()),
               columns = static_cast<double>(map.columns.names.size());
    left = longest(map.rows.names) + (map.rows.label.empty() ? 12 : 42);
    top = map.marked.empty() ? 12 : 40;
    cell_width = (map_width - left - 12) / columns;
    cell_height = std::max(22.0, 330 / rows);
    const double name = longest(map.columns.names);
    turned = name + map_letter > cell_width * static_cast<double>(distance_of_names(map.columns.names));
    names_below = turned ? name + 12 : 28;
  }
  [[nodiscard]] double across(std::size_t column) const { return left + cell_width * static_cast<double>(column); }
  [[nodiscard]] double down(std::size_t row) const { return top + cell_height * static_cast<double>(row); }
};

std::string text(double x, double y, const char* anchor, const std::string& words, const std::string& more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     escape_html(words));
}

std::string cells(const HeatMap& map, const Frame& frame) {
  std::string svg;
  const std::size_t columns = map.columns.names.size();
  const double gap = frame.cell_width > 12 ? 2 : 0;
  for (std::size_t i = 0; i < map.shares.size(); ++i) {
    const double share = std::clamp(map.shares[i], 0.0, 1.0), x = frame.across(i % columns),
                 y = frame.down(i / columns);
    const std::string& row = map.rows.names[i / columns];
    const std::string& column = map.columns.names[i % columns];
    const bool written = !map.texts.empty() && !map.texts[i].empty();
    if (share >= 0.005 || written)
      svg += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\" class=\"cell\" fill-opacity=\"{:.3f}\">"
          "<title>{}</title></rect>\n",
          x, y, frame.cell_width - gap, frame.cell_height - 2, share,
          escape_html(
              fmt::format("{} · {}: {:.3g}", row, column.empty() ? std::to_string(i % columns) : column, share)));
    if (written)
      svg += text(x + (frame.cell_width - gap) / 2, y + frame.cell_height / 2 + 5, "middle", map.texts[i],
                  share > 0.55 ? " class=\"on\"" : "");
  }
  return svg;
}

std::string names(const HeatMap& map, const Frame& frame) {
  std::string svg;
  const double below = frame.down(map.rows.names.size());
  for (std::size_t row = 0; row < map.rows.names.size(); ++row)
    svg += text(frame.left - 10, frame.down(row) + frame.cell_height / 2 + 5, "end", shortened(map.rows.names[row]));
  for (std::size_t column = 0; column < map.columns.names.size(); ++column) {
    const std::string& name = map.columns.names[column];
    if (name.empty()) continue;
    const double x = frame.across(column) + frame.cell_width / 2;
    if (frame.turned)
      svg += text(x + 5, below + 8, "end", shortened(name),
                  fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", x + 5, below + 8));
    else svg += text(x, below + 20, "middle", shortened(name));
  }
  svg += text((frame.left + map_width - 12) / 2, below + frame.names_below + 20, "middle", map.columns.label);
  const double middle = (frame.top + below) / 2;
  svg += text(18, middle, "middle", map.rows.label, fmt::format(" transform=\"rotate(-90 18 {:.1f})\"", middle));
  return svg;
}

std::string rings(const HeatMap& map, const Frame& frame) {
  std::string svg;
  const double radius = std::min(9.0, frame.cell_height / 2 - 3);
  for (const auto& [row, column] : map.marks)
    svg +=
        fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" class=\"ring\"/>\n",
                    frame.across(column) + frame.cell_width / 2, frame.down(row) + frame.cell_height / 2 - 1, radius);
  if (map.marked.empty()) return svg;
  svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"20\" r=\"7\" class=\"ring\"/>\n", frame.left + 8);
  return svg + text(frame.left + 24, 26, "start", map.marked);
}

}  // namespace

std::string HeatMap::fragment() const {
  const std::size_t height = rows.names.size(), columns_count = columns.names.size();
  require<ValueError>(height > 0 && columns_count > 0, "HeatMap::fragment: '{}' has {} rows and {} columns", title,
                      height, columns_count);
  require(shares.size() == height * columns_count && (texts.empty() || texts.size() == shares.size()),
          "HeatMap::fragment: '{}' has {} shares and {} texts for {} rows and {} columns", title, shares.size(),
          texts.size(), height, columns_count);
  for (const auto& [row, column] : marks)
    require(row < height && column < columns_count,
            "HeatMap::fragment: '{}' has a mark at row {} and column {} of {} and {}", title, row, column, height,
            columns_count);
  const Frame frame(*this);
  const double bottom = frame.down(height);
  return fmt::format(
      "<svg viewBox=\"0 0 {} {:.0f}\" role=\"img\" aria-label=\"{}\">\n{}"
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"frame\"/>\n{}{}</svg>\n",
      map_width, bottom + frame.names_below + 32, escape_html(title), cells(*this, frame), frame.left - 3,
      frame.top - 3, map_width - 12 - frame.left + 6, bottom - frame.top + 4, names(*this, frame), rings(*this, frame));
}

}  // namespace recur
