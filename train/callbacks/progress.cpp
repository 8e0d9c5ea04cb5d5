#include <recur/train/callbacks/progress.h>

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace recur {

ProgressLine::ProgressLine(bool enabled) : shown_(enabled && isatty(STDERR_FILENO) != 0) {}
ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::clear() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressLine::update(const std::string& label, Index done, Index total, const std::string& detail) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (label != label_) {
    label_ = label;
    started_ = now;
    first_ = done - 1;  // its time is not known: with one step more or less the rest is estimated as well
  } else if (now - drawn_ < std::chrono::milliseconds(100) && done < total) {
    return;
  }
  drawn_ = now;
  constexpr Index bar_width = 20;
  const double elapsed = std::chrono::duration<double>(now - started_).count();
  const double left =
      elapsed * static_cast<double>(total - done) / static_cast<double>(std::max<Index>(1, done - first_));
  const Index filled = total > 0 ? bar_width * done / total : bar_width;
  fmt::print(stderr, "\r\x1b[K{} [{:#<{}}{:.<{}}] {:3d} %  {}  {} left", label, "", filled, "", bar_width - filled,
             total > 0 ? 100 * done / total : 100, detail, short_time(left));
  std::fflush(stderr);
}

std::string short_number(double number) {
  constexpr std::array<const char*, 4> units = {"", "k", "M", "G"};
  std::size_t unit = 0;
  for (; number >= 999.5 && unit + 1 < units.size(); ++unit) number /= 1000;
  const int decimals = number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}{}", number, decimals, units[unit]);
}

std::string short_time(double seconds) {
  const auto whole = static_cast<Index>(std::llround(std::max(0.0, seconds)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace recur
