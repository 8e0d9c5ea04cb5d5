#pragma once

#include <recur/layers/cells/wrapper_cell.h>

namespace recur {

struct ZoneoutCellOptions {
  /// Probabilities for a unit to keep its value at a step: for the first state (h), and for all other states (c).
  double zoneout_h = 0;
  double zoneout_c = 0;

  void fields(Fields& f) {
    f("zoneout_h", zoneout_h);
    f("zoneout_c", zoneout_c);
  }
};

/// Zoneout (Krueger et al. 2017) around any cell. In training each unit of a state keeps its previous value with some
/// probability, drawn at every step. Outside training a state is the expectation, p·previous + (1 - p)·new. If the
/// cell's output is its first state, the output is that state after zoneout.
class ZoneoutCell final : public WrapperCell {
 public:
  static constexpr const char* name_of_class = "ZoneoutCell";
  struct Config {
    AnyCell cell;
    ZoneoutCellOptions options;
    void fields(Fields& f) {
      f.required("cell");
      f("cell", cell);
      options.fields(f);
    }
  };

  /// Throws ValueError if a probability is outside [0, 1].
  ZoneoutCell(AnyCell cell, ZoneoutCellOptions options);
  explicit ZoneoutCell(Config config) : ZoneoutCell(std::move(config.cell), config.options) {}

  [[nodiscard]] Var call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) override;
  [[nodiscard]] detail::TypeId type() const override { return detail::TypeId::of<ZoneoutCell>(); }
  [[nodiscard]] std::string_view class_name() const override { return name_of_class; }
  void fields(Fields& f) override {
    WrapperCell::fields(f);
    options_.fields(f);
  }

 private:
  ZoneoutCellOptions options_;
};

}  // namespace recur
