#pragma once

namespace recur {

/// Whether numbers too small for full precision (in float: below 1e-38) count as zeros, on this thread and on those it starts from
/// now on: call it first in `main`. Some processors take many times as long for them, and gradients that vanish over a long
/// sequence become such numbers before they become zeros. Off by default, as IEEE 754 demands.
/// @returns false, having done nothing, where there is no such switch (other processors than x86-64).
bool flush_denormals(bool on);

}  // namespace recur
