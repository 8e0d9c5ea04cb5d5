#include <recur/optim/adaptive.h>
#include <recur/optim/assemble.h>
#include <recur/optim/ftrl.h>
#include <recur/optim/optimizers.h>

namespace recur::optim {

using detail::assemble;
using detail::complete;

Optimizer sgd(SgdOptions options) {
  complete(options.learning_rate, options, 0.01, 0.01, 0.001);
  const bool torch = options.convention == Convention::torch;
  require<ValueError>(torch || options.dampening == 0, "sgd: dampening {} is only known in the torch convention",
                      options.dampening);
  require<ValueError>(options.momentum != 0 || !options.nesterov || !torch, "sgd: nesterov needs a momentum");
  const AnyLink rate = scale_by_learning_rate(*options.learning_rate, options.decay);
  if (options.momentum == 0) return assemble(std::move(options), {rate});
  const AnyLink velocity =
      momentum({.decay = options.momentum, .nesterov = options.nesterov, .dampening = options.dampening});
  if (torch) return assemble(std::move(options), {velocity, rate});
  return assemble(std::move(options), {rate, velocity});
}

Optimizer rmsprop(RmspropOptions options) {
  complete(options.learning_rate, options, 0.001, 0.001, 0.01);
  complete(options.rho, options, 0.9, 0.9, 0.99);
  complete(options.epsilon, options, 1e-7, 1e-7, 1e-8);
  const bool in_root =
      options.convention == Convention::keras3 || (options.convention == Convention::keras && options.momentum > 0);
  const AnyLink scaled = scale_by_rms(
      {.rho = *options.rho, .epsilon = *options.epsilon, .centered = options.centered, .epsilon_in_root = in_root});
  const AnyLink rate = scale_by_learning_rate(*options.learning_rate, options.decay);
  if (options.momentum == 0) return assemble(std::move(options), {scaled, rate});
  const AnyLink velocity = momentum({.decay = options.momentum});
  if (options.convention == Convention::torch) return assemble(std::move(options), {scaled, velocity, rate});
  return assemble(std::move(options), {scaled, rate, velocity});
}

Optimizer adagrad(AdagradOptions options) {
  complete(options.learning_rate, options, 0.001, 0.001, 0.01);
  complete(options.initial_accumulator_value, options, 0.1, 0.1, 0);
  complete(options.epsilon, options, 1e-7, 1e-7, 1e-10);
  std::vector<AnyLink> links{scale_by_adagrad({.initial_accumulator = *options.initial_accumulator_value,
                                               .epsilon = *options.epsilon,
                                               .epsilon_in_root = options.convention == Convention::keras3}),
                             scale_by_learning_rate(*options.learning_rate, options.decay)};
  return assemble(std::move(options), std::move(links));
}

Optimizer adadelta(AdadeltaOptions options) {
  complete(options.learning_rate, options, 0.001, 0.001, 1);
  complete(options.rho, options, 0.95, 0.95, 0.9);
  complete(options.epsilon, options, 1e-7, 1e-7, 1e-6);
  std::vector<AnyLink> links{scale_by_adadelta({.rho = *options.rho, .epsilon = *options.epsilon}),
                             scale_by_learning_rate(*options.learning_rate, options.decay)};
  return assemble(std::move(options), std::move(links));
}

Optimizer adam(AdamOptions options) {
  complete(options.epsilon, options, 1e-7, 1e-7, 1e-8);
  std::vector<AnyLink> links{scale_by_adam({.beta_1 = options.beta_1,
                                            .beta_2 = options.beta_2,
                                            .epsilon = *options.epsilon,
                                            .amsgrad = options.amsgrad,
                                            .correct_epsilon = options.convention == Convention::torch}),
                             scale_by_learning_rate(options.learning_rate, options.decay)};
  return assemble(std::move(options), std::move(links));
}

Optimizer adamw(AdamwOptions options) {
  complete(options.epsilon, options, 1e-7, 1e-7, 1e-8);
  complete(options.weight_decay, options, 0.004, 0.004, 0.01);
  std::vector<AnyLink> links{scale_by_adam({.beta_1 = options.beta_1,
                                            .beta_2 = options.beta_2,
                                            .epsilon = *options.epsilon,
                                            .amsgrad = options.amsgrad,
                                            .correct_epsilon = options.convention == Convention::torch}),
                             scale_by_learning_rate(options.learning_rate, options.decay)};
  const double weight_decay = *options.weight_decay;
  return assemble(std::move(options), std::move(links), weight_decay, true);
}

Optimizer adamax(AdamaxOptions options) {
  complete(options.learning_rate, options, 0.001, 0.001, 0.002);
  complete(options.epsilon, options, 1e-7, 1e-7, 1e-8);
  std::vector<AnyLink> links{scale_by_adamax({.beta_1 = options.beta_1,
                                              .beta_2 = options.beta_2,
                                              .epsilon = *options.epsilon,
                                              .epsilon_in_maximum = options.convention == Convention::torch}),
                             scale_by_learning_rate(*options.learning_rate, options.decay)};
  return assemble(std::move(options), std::move(links));
}

Optimizer nadam(NadamOptions options) {
  complete(options.learning_rate, options, 0.001, 0.001, 0.002);
  complete(options.epsilon, options, 1e-7, 1e-7, 1e-8);
  complete(options.momentum_decay, options, 0.004, 1, 0.004);
  std::vector<AnyLink> links{scale_by_nadam({.beta_1 = options.beta_1,
                                             .beta_2 = options.beta_2,
                                             .epsilon = *options.epsilon,
                                             .momentum_decay = *options.momentum_decay}),
                             scale_by_learning_rate(*options.learning_rate)};
  return assemble(std::move(options), std::move(links));
}

Optimizer lion(LionOptions options) {
  std::vector<AnyLink> links{scale_by_lion({.beta_1 = options.beta_1, .beta_2 = options.beta_2}),
                             scale_by_learning_rate(options.learning_rate, options.decay)};
  const double weight_decay = options.weight_decay;
  return assemble(std::move(options), std::move(links), weight_decay, true);
}

Optimizer ftrl(FtrlOptions options) {
  std::vector<AnyLink> links{scale_by_learning_rate(options.learning_rate, options.decay),
                             ftrl_rule({.learning_rate_power = options.learning_rate_power,
                                        .initial_accumulator = options.initial_accumulator_value,
                                        .l1 = options.l1,
                                        .l2 = options.l2,
                                        .l2_shrinkage = options.l2_shrinkage,
                                        .beta = options.beta})};
  const double weight_decay = options.weight_decay;
  return assemble(std::move(options), std::move(links), weight_decay, true);
}

}  // namespace recur::optim
