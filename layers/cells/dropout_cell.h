#pragma once

#include <recur/layers/cells/wrapper_cell.h>

namespace recur {

struct DropoutCellOptions {
  /// Fractions of the inputs and of the outputs that are set to zero in training.
  double input_dropout = 0;
  double output_dropout = 0;

  void fields(Fields& f) {
    f("input_dropout", input_dropout);
    f("output_dropout", output_dropout);
  }
};

/// Dropout around any cell, with one mask a sequence (Gal & Ghahramani 2016; TF1's DropoutWrapper with
/// variational_recurrent, whose arguments are fractions KEPT). States are not dropped; `recurrent_dropout` of the cells
/// does that.
class DropoutCell final : public WrapperCell {
 public:
  static constexpr const char* name_of_class = "DropoutCell";
  struct Config {
    AnyCell cell;
    DropoutCellOptions options;
    void fields(Fields& f) {
      f.required("cell");
      f("cell", cell);
      options.fields(f);
    }
  };

  /// Throws ValueError if a rate is outside [0, 1).
  DropoutCell(AnyCell cell, DropoutCellOptions options);
  explicit DropoutCell(Config config) : DropoutCell(std::move(config.cell), config.options) {}

  void build(Builder& builder) override;
  [[nodiscard]] Var call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) override;
  [[nodiscard]] Index mask_count() const override { return own_masks() + cell_->mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) override;
  [[nodiscard]] detail::TypeId type() const override { return detail::TypeId::of<DropoutCell>(); }
  [[nodiscard]] std::string_view class_name() const override { return name_of_class; }
  void fields(Fields& f) override {
    WrapperCell::fields(f);
    options_.fields(f);
  }

 private:
  [[nodiscard]] Index own_masks() const { return (options_.input_dropout > 0) + (options_.output_dropout > 0); }

  DropoutCellOptions options_;
  Index input_size_ = 0;
};

}  // namespace recur
