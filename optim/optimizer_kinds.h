#pragma once

#include <recur/optim/adabelief.h>
#include <recur/optim/optimizers.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace recur::optim::detail {

/// One optimizer: its class name in Keras and PyTorch, empty where there is none, and the function that makes it.
template <class Options_>
struct Kind {
  using Options = Options_;
  const char* keras;
  const char* torch;
  Optimizer (*make)(Options);
};

/// The registry: a line for each optimizer.
inline constexpr auto kinds = std::tuple{
    Kind<SgdOptions>{"SGD", "SGD", sgd},
    Kind<RmspropOptions>{"RMSprop", "RMSprop", rmsprop},
    Kind<AdagradOptions>{"Adagrad", "Adagrad", adagrad},
    Kind<AdadeltaOptions>{"Adadelta", "Adadelta", adadelta},
    Kind<AdamOptions>{"Adam", "Adam", adam},
    Kind<AdamwOptions>{"AdamW", "AdamW", adamw},
    Kind<AdamaxOptions>{"Adamax", "Adamax", adamax},
    Kind<NadamOptions>{"Nadam", "NAdam", nadam},
    Kind<LionOptions>{"Lion", "", lion},
    Kind<FtrlOptions>{"Ftrl", "", ftrl},
    Kind<AdabeliefOptions>{"AdaBelief", "", adabelief},
};

/// How a class name begins, and whose convention that means.
struct Prefix {
  std::string_view text;
  Convention convention;
};
inline constexpr Prefix prefixes[] = {{"tf.keras.optimizers.", Convention::keras},
                                      {"keras.optimizers.", Convention::keras3},
                                      {"torch.optim.", Convention::torch}};

/// All class names, with their prefixes.
[[nodiscard]] inline std::vector<std::string> class_names() {
  std::vector<std::string> names;
  for (const auto& [text, convention] : prefixes) {
    const auto add = [&, prefix = text, torch = convention == Convention::torch](const auto& kind) {
      const char* const name = torch ? kind.torch : kind.keras;
      if (*name != 0) names.push_back(std::string(prefix) + name);
    };
    std::apply([&](const auto&... kind) { (add(kind), ...); }, kinds);
  }
  return names;
}

/// What a misspelt name may have meant: class names with and without their prefixes.
[[nodiscard]] inline std::vector<std::string> all_names() {
  std::vector<std::string> names = class_names();
  std::apply([&](const auto&... kind) { (names.emplace_back(kind.keras), ...); }, kinds);
  return names;
}

/// Whether two names are equal if small and capital letters are.
[[nodiscard]] inline bool equal_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// A class name with its prefix: `adam` or `Adam`, as Keras itself writes it, is `keras.optimizers.Adam`.
[[nodiscard]] inline std::string with_prefix(std::string_view class_name) {
  std::string full(class_name);
  const auto attempt = [&](const auto& kind) {
    if (equal_but_for_case(class_name, kind.keras)) full = std::string("keras.optimizers.") + kind.keras;
  };
  std::apply([&](const auto&... kind) { (attempt(kind), ...); }, kinds);
  return full;
}

}  // namespace recur::optim::detail
