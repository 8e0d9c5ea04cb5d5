#include <recur/train/callbacks/report_page.h>

#include <recur/io/atomic_file.h>
#include <recur/io/html.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace recur {
namespace {

constexpr const char* style = R"(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--text:#1c2128;--soft:#59636e;--line:#d8dee4;--grid:#e8ebee;
--c0:#0072b2;--c1:#d55e00;--c2:#00825d;--c3:#b45290;--c4:#b77800;--c5:#2f8fc4;--c6:#444}
@media(prefers-color-scheme:dark){:root{--page:#0f1318;--card:#181d24;--text:#e4e8ec;--soft:#9aa4af;--line:#323a44;
--grid:#29303a;--c0:#58b0e8;--c1:#ff9352;--c2:#3ccf9f;--c3:#e39cc8;--c4:#f0b840;--c5:#8fd0f5;--c6:#ccc}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 24px 48px}
h1{font-size:26px;margin:0}h2{font-size:16px;margin:0 0 8px}.sub{color:var(--soft);margin:2px 0 20px}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:12px;margin-bottom:16px}
.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:8px}
.tile{padding:10px 14px}.tile b{display:block;font-size:21px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.tile span{color:var(--soft);font-size:13px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px}
.card{padding:14px 16px;margin-bottom:16px;min-width:0}.plots .card{margin:0;position:relative}.plots{margin-bottom:16px}
svg{display:block;width:100%;height:auto;touch-action:pan-y}svg text{fill:var(--soft);font-size:17px}
.grid{stroke:var(--grid)}.axis{stroke:var(--soft)}.c{fill:none;stroke-width:2.5;stroke-linejoin:round}
.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}
.c5{stroke:var(--c5)}.c6{stroke:var(--c6)}
.cell{fill:var(--c0);shape-rendering:crispEdges}.frame{fill:none;stroke:var(--line)}
svg .on{fill:var(--card)}.ring{fill:none;stroke:var(--c1);stroke-width:2.5}
.cursor{stroke:var(--soft);stroke-dasharray:3 3}
.tip{position:absolute;pointer-events:none;background:var(--card);border:1px solid var(--line);border-radius:6px;
padding:4px 9px;font-size:13px;white-space:pre;font-variant-numeric:tabular-nums;box-shadow:0 2px 8px #0003;z-index:1}
pre{margin:0;overflow:auto;max-height:460px;font:13px/1.45 ui-monospace,"DejaVu Sans Mono",monospace}
.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
.scroll{overflow:auto;max-height:460px}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
th,td{padding:3px 14px 3px 0;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
th{color:var(--soft);font-weight:500;position:sticky;top:0;background:var(--card)}
.facts td{text-align:left;white-space:normal}.facts td:first-child{color:var(--soft)}
summary{cursor:pointer;font-weight:600;font-size:16px}summary+*{margin-top:8px}
@media print{.plots{break-inside:avoid}pre,.scroll{max-height:none}}
)";

// Shows the values under the pointer: finds the x nearest to it among the numbers that stand in the page beside each
// picture.
constexpr const char* script = R"(
for (const card of document.querySelectorAll('.plots .curves')) {
  const svg = card.querySelector('svg'), g = svg.querySelector('g'), d = g.dataset;
  const curves = JSON.parse(card.querySelector('script').textContent);
  const [left, right, top, bottom, low, high] = ['left', 'right', 'top', 'bottom', 'low', 'high'].map(k => +d[k]);
  const cursor = document.createElementNS(svg.namespaceURI, 'line'), tip = document.createElement('div');
  cursor.setAttribute('class', 'cursor');
  cursor.setAttribute('y1', top);
  cursor.setAttribute('y2', bottom);
  tip.className = 'tip';
  const hide = () => { cursor.remove(); tip.remove(); };
  const show = event => {
    const box = svg.getBoundingClientRect(), unit = box.width / svg.viewBox.baseVal.width;
    const wanted = low + ((event.clientX - box.left) / unit - left) / (right - left) * (high - low);
    let x = null;
    for (const c of curves) for (const v of c.x) if (x === null || Math.abs(v - wanted) < Math.abs(x - wanted)) x = v;
    if (x === null) return;
    const place = left + (x - low) / (high - low) * (right - left);
    cursor.setAttribute('x1', place);
    cursor.setAttribute('x2', place);
    g.append(cursor);
    const lines = [svg.dataset.x + ' ' + +x.toPrecision(6)];
    for (const c of curves) {
      const i = c.x.indexOf(x);
      if (i >= 0 && c.y[i] !== null) lines.push(c.name + '  ' + +c.y[i].toPrecision(5));
    }
    tip.textContent = lines.join('\n');
    card.append(tip);
    const frame = card.getBoundingClientRect(), at = box.left - frame.left + place * unit;
    tip.style.left = Math.max(4, Math.min(at + 10, card.clientWidth - tip.offsetWidth - 6)) + 'px';
    tip.style.top = (box.top - frame.top + top * unit + 4) + 'px';
  };
  svg.addEventListener('pointermove', show);
  svg.addEventListener('pointerdown', show);
  svg.addEventListener('pointerleave', hide);
}
)";

nlohmann::json numbers(const std::vector<double>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const double v : values) list.push_back(std::isfinite(v) ? nlohmann::json(v) : nlohmann::json(nullptr));
  return list;
}

// The curves' numbers for the script. A "<" inside could end the element they stand in.
std::string data_of(const LinePlot& plot) {
  nlohmann::json curves = nlohmann::json::array();
  for (const LinePlot::Curve& curve : plot.curves())
    curves.push_back({{"name", curve.name}, {"x", numbers(curve.x)}, {"y", numbers(curve.y)}});
  std::string safe;
  for (const char c : curves.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace))
    safe += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return safe;
}

std::string plot_card(const LinePlot& plot) {
  std::string picture = plot.fragment();
  picture.insert(std::string_view("<svg").size(), fmt::format(" data-x=\"{}\"", escape_html(plot.x_label())));
  return fmt::format(
      "<section class=\"card curves\"><h2>{}</h2>{}<script type=\"application/json\">{}</script></section>\n",
      escape_html(plot.title()), picture, data_of(plot));
}

std::string map_card(const HeatMap& map) {
  return fmt::format("<section class=\"card\"><h2>{}</h2>{}</section>\n", escape_html(map.title), map.fragment());
}

std::string text_card(const ReportPage::Text& text) {
  return fmt::format("<details class=\"card\"{}><summary>{}</summary><pre class=\"wrap\">{}</pre></details>\n",
                     text.open ? " open" : "", escape_html(text.title), escape_html(text.text));
}

std::string facts_card(const char* title, const ReportPage::Facts& facts) {
  std::string rows;
  for (const auto& [name, value] : facts)
    rows += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escape_html(name), escape_html(value));
  return fmt::format("<section class=\"card\"><h2>{}</h2><table class=\"facts\">{}</table></section>\n", title, rows);
}

std::string table_card(const ReportPage::Table& table) {
  std::string html = "<details class=\"card\"><summary>All numbers</summary><div class=\"scroll\"><table><thead><tr>";
  for (const std::string& column : table.columns) html += "<th>" + escape_html(column) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (const std::string& cell : row) html += "<td>" + escape_html(cell) + "</td>";
    html += "</tr>\n";
  }
  return html + "</tbody></table></div></details>\n";
}

}  // namespace

std::string ReportPage::html() const {
  std::string body = fmt::format("<h1>{}</h1><p class=\"sub\">{}</p>\n<div class=\"tiles\">\n", escape_html(title),
                                 escape_html(subtitle));
  for (const auto& [name, value] : tiles)
    body += fmt::format("<div class=\"tile\"><span>{}</span><b>{}</b></div>\n", escape_html(name), escape_html(value));
  body += "</div>\n<div class=\"plots\">\n";
  for (const HeatMap& map : maps) body += map_card(map);
  for (const LinePlot& plot : plots) body += plot_card(plot);
  body += "</div>\n";
  if (!table.rows.empty()) body += table_card(table);
  for (const Text& text : texts) body += text_card(text);
  if (!environment.empty()) body += facts_card("Environment", environment);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<style>{}</style></head>\n"
      "<body><main>\n{}</main>\n<script>{}</script></body></html>\n",
      escape_html(title), style, body, script);
}

void ReportPage::save(const std::filesystem::path& path) const {
  AtomicFile file(path);
  file.write(html());
  file.commit();
}

}  // namespace recur
