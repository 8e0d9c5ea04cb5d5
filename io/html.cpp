#include <recur/io/html.h>

namespace recur {

std::string escape_html(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') safe += "&lt;";
    else if (c == '>') safe += "&gt;";
    else if (c == '&') safe += "&amp;";
    else if (c == '"') safe += "&quot;";
    else if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
      safe += "\xef\xbf\xbd";
    else safe += c;
  }
  return safe;
}

}  // namespace recur
