#pragma once

#include <recur/layers/cells/wrapper_cell.h>

namespace recur {

/// Adds the input of a cell to its output (TF1's ResidualWrapper; Wu et al. 2016). States are the states of the cell
/// inside.
class ResidualCell final : public WrapperCell {
 public:
  static constexpr const char* name_of_class = "ResidualCell";
  struct Config {
    AnyCell cell;
    void fields(Fields& f) {
      f.required("cell");
      f("cell", cell);
    }
  };

  explicit ResidualCell(AnyCell cell) : WrapperCell(name_of_class, std::move(cell)) {}
  explicit ResidualCell(Config config) : ResidualCell(std::move(config.cell)) {}

  /// Throws ShapeError unless the cell's output has the size of its input.
  void build(Builder& builder) override;
  [[nodiscard]] Var call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) override;
  [[nodiscard]] detail::TypeId type() const override { return detail::TypeId::of<ResidualCell>(); }
  [[nodiscard]] std::string_view class_name() const override { return name_of_class; }
};

}  // namespace recur
