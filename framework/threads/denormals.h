#pragma once

namespace recur {

/// Chooses, for the whole process, whether passes count denormal numbers as zeros: numbers too small for full
/// precision, in float below 1.2e-38. Passes are `RNN::call`, `Tape::backward` and whatever else runs in `with_team` or
/// `run_shares`. The default is true, because a gradient that vanishes over a long sequence becomes denormal before it
/// becomes zero, and some processors take many times as long for such numbers (docs/bptt.md: a pass over 4,000 steps
/// takes 6.5 times as long). `flush_denormals(false)` keeps denormals, as IEEE 754 demands.
///
/// Outside of passes the mode is the caller's own, and a pass restores it. If the caller flushes anyway, passes do too.
/// @returns false if the processor has no such mode (others than x86-64); denormals are then always kept.
bool flush_denormals(bool on);
/// Returns what `flush_denormals` chose last, true at first; false if the processor has no such mode.
[[nodiscard]] bool flushes_denormals();

namespace detail {

/// Returns true if the calling thread counts denormals as zeros now.
[[nodiscard]] bool thread_flushes_denormals();
/// Returns true if a pass begun by the calling thread shall count denormals as zeros.
[[nodiscard]] bool pass_flushes_denormals();

/// Makes the calling thread flush denormals, or keep them, and restores its mode in the end. Costs a few nanoseconds.
class DenormalMode {
 public:
  explicit DenormalMode(bool flush);
  ~DenormalMode();
  DenormalMode(const DenormalMode&) = delete;
  DenormalMode& operator=(const DenormalMode&) = delete;

 private:
  bool before_;
  bool changed_;
};

}  // namespace detail
}  // namespace recur
