#pragma once

namespace recur {

/// Whether numbers too small for full precision (in float: below 1e-38) count as zeros, on this thread, on those that share its
/// operations, and on those it starts from now on. Some processors take many times as long for them, and gradients that vanish
/// over a long sequence become such numbers before they become zeros. Off by default, as IEEE 754 demands.
/// @returns false, having done nothing, where there is no such switch (other processors than x86-64).
bool flush_denormals(bool on);
/// Whether they do on this thread.
[[nodiscard]] bool flushes_denormals();

}  // namespace recur
