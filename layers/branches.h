#pragma once

#include <recur/layers/any_layer.h>

#include <string>
#include <vector>

namespace recur {

/// Gives its input to several layers side by side and joins their outputs: `concat` puts them next to each other, `add`
/// sums them. A skip from input to output is a branch of a `Select`:
///
///     Sequential model{Branches({Sequential(LSTM(16), Dense(1)), Select(0, 1)}, "add")};
///
/// Where one branch hands on a single step and another a sequence, the sequence counts with its last step.
class Branches {
 public:
  static constexpr const char* class_name = "Branches";
  struct Config {
    std::vector<AnyLayer> branches;
    std::string merge = "concat";
    void fields(Fields& f) {
      f.required("branches");
      f("branches", branches);
      f("merge", merge);
    }
  };

  /// Throws ValueError without branches and for another merge than concat and add.
  explicit Branches(Config config);
  explicit Branches(std::vector<AnyLayer> branches, std::string merge = "concat")
      : Branches(Config{std::move(branches), std::move(merge)}) {}

  /// Throws ValueError if outputs that are to be added have different sizes.
  void build(Builder& builder);
  void visit(ParameterVisitor& visitor);
  /// Throws ValueError for a last step of sequences with a mask or lengths, which is not the same step for all.
  [[nodiscard]] LayerValue call(const LayerValue& input);
  [[nodiscard]] Index output_size() const { return output_size_; }
  [[nodiscard]] Shape output_shape(const Shape& input) const;
  [[nodiscard]] Index mask_count() const;
  void reset_states() {
    for (const AnyLayer& branch : config_.branches) branch->reset_states();
  }
  [[nodiscard]] std::vector<AnyLayer*> parts();
  [[nodiscard]] Config& config() { return config_; }

 private:
  [[nodiscard]] Var joined(std::vector<Var> outputs, const LayerValue& input) const;

  Config config_;
  std::vector<std::string> names_;
  Index output_size_ = 0;
};

}  // namespace recur
