#pragma once

#include <recur/layers/any_layer.h>

namespace recur {

/// Some features of its input, `[…, features]` → `[…, count]`: for a branch that takes a part of the columns, or a
/// skip.
class Select {
 public:
  static constexpr const char* class_name = "Select";
  struct Config {
    Index first = 0;
    Index count = 0;  ///< 0: all from `first` on.
    void fields(Fields& f) {
      f("first", first);
      f("count", count);
    }
  };

  /// Throws ValueError for negative numbers.
  explicit Select(Config config) : config_(config) {
    require<ValueError>(config.first >= 0 && config.count >= 0, "Select: first {} and count {} must not be negative",
                        config.first, config.count);
  }
  explicit Select(Index first, Index count = 0) : Select(Config{first, count}) {}

  /// Throws ValueError if the input has fewer features.
  void build(Builder& builder);
  [[nodiscard]] Var operator()(Var x) const;
  [[nodiscard]] Index output_size() const { return output_size_; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input.with(-1, output_size_); }
  // No parameters.
  void visit(ParameterVisitor& /*visitor*/) {}
  [[nodiscard]] Config config() const { return config_; }

 private:
  Config config_;
  Index output_size_ = 0;
};

}  // namespace recur
