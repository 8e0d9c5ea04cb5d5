#include <recur/train/progress.h>

#include <fmt/core.h>
#include <unistd.h>

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
  } else if (now - drawn_ < std::chrono::milliseconds(100) && done < total) {
    return;
  }
  drawn_ = now;
  const double elapsed = std::chrono::duration<double>(now - started_).count();
  const double left = done > 0 ? elapsed * static_cast<double>(total - done) / static_cast<double>(done) : 0;
  fmt::print(stderr, "\r\x1b[K{}  {:3d} %  {}  {:.0f} s left", label, total > 0 ? 100 * done / total : 100, detail,
             left);
  std::fflush(stderr);
}

}  // namespace recur
