#pragma once

#include <recur/framework/check/gradcheck.h>

namespace recur {

/// Checks what `gradcheck` does not, for the same functions and arguments: that forward mode is the transpose of
/// reverse mode (w·(J v) = (w J)·v for random v and w), and that a Hessian-vector product of w·f is the difference of
/// its gradients along v. The first must agree to 1e-10, the second to `options.tolerance`.
[[nodiscard]] GradcheckResult second_order_check(const GradcheckFunction& function,
                                                 const std::vector<GradcheckInput>& inputs,
                                                 const std::vector<Parameter*>& parameters = {},
                                                 const GradcheckOptions& options = {});

}  // namespace recur
