#include <recur/framework/ops/sliding_windows.h>

#include <algorithm>

namespace recur {

Padding padding_by_name(const char* layer, std::string_view name) {
  if (name == "valid") return Padding::valid;
  if (name == "same") return Padding::same;
  if (name == "causal") return Padding::causal;
  fail<ValueError>("{}: padding '{}', must be valid, same or causal", layer, name);
}

SlidingWindows windows_of(const char* layer, Index steps, Index size, Index stride, Index dilation, Padding padding) {
  constexpr Index most = Index{1} << 30;
  require<ValueError>(std::min({size, stride, dilation}) >= 1 && std::max({size, stride, dilation}) <= most,
                      "{}: a window of {} steps, stride {}, dilation {}; each must be at least 1", layer, size, stride,
                      dilation);
  SlidingWindows windows{.size = size, .stride = stride, .dilation = dilation};
  const Index reach = windows.reach();
  if (padding == Padding::valid) {
    windows.count = steps >= reach ? (steps - reach) / stride + 1 : 0;
    return windows;
  }
  windows.count = (steps + stride - 1) / stride;
  windows.before =
      padding == Padding::causal ? reach - 1 : std::max<Index>((windows.count - 1) * stride + reach - steps, 0) / 2;
  return windows;
}

}  // namespace recur
