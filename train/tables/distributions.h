#pragma once

namespace recur {

/// The number that a standard normal variable stays below with probability q. @throws ValueError unless 0 < q < 1
[[nodiscard]] double normal_quantile(double q);
/// As normal_quantile, of Student's t with so many degrees of freedom. @throws ValueError also for freedom < 1
[[nodiscard]] double student_t_quantile(double q, double freedom);

}  // namespace recur
