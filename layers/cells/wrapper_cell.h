#pragma once

#include <recur/layers/cells/any_cell.h>

namespace recur {

/// Base of cells that change what another cell does. Members that are not overridden call the cell inside.
class WrapperCell : public CellInterface {
 public:
  /// Throws ValueError if the cell is empty or has an activity_regularizer. Messages begin with `wrapper`.
  WrapperCell(const char* wrapper, AnyCell cell) : cell_(std::move(cell)) {
    require<ValueError>(!cell_.empty(), "{}: no cell given", wrapper);
    refuse_activity_regularizer(wrapper, cell_);
  }

  [[nodiscard]] const AnyCell& cell() const { return cell_; }
  [[nodiscard]] StateSize state_size() const override { return cell_->state_size(); }
  [[nodiscard]] Index output_size() const override { return cell_->output_size(); }
  void build(Builder& builder) override { cell_.build(builder); }
  void visit(ParameterVisitor& visitor) override { visitor.in("cell", cell_); }
  [[nodiscard]] Var call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) override {
    return cell_->call(x, states, next, context);
  }
  void initial_states(Tape& tape, Index batch, std::span<Var> states) override {
    cell_->initial_states(tape, batch, states);
  }
  [[nodiscard]] Index mask_count() const override { return cell_->mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) override { cell_->draw_masks(tape, batch, masks); }
  [[nodiscard]] bool takes_constants() const override { return cell_->takes_constants(); }
  [[nodiscard]] Index prepared_count() const override { return cell_->prepared_count(); }
  void prepare(std::span<const Var> constants, std::span<Var> prepared) override {
    cell_->prepare(constants, prepared);
  }
  [[nodiscard]] bool divides_batch() const override { return cell_->divides_batch(); }
  [[nodiscard]] Index state_count() const override { return cell_->state_count(); }
  [[nodiscard]] void* object() override { return this; }
  void fields(Fields& f) override {
    f.required("cell");
    f("cell", cell_);
  }

 protected:
  AnyCell cell_;
};

}  // namespace recur
