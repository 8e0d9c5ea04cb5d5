#pragma once

#include <recur/layers/cells/wrapper_cell.h>

namespace recur {

struct AttentionCellOptions {
  /// Size of the attention vector, which is the cell's output.
  Index units = 0;
  /// `additive` (Bahdanau et al. 2015) or `dot` (Luong et al. 2015).
  std::string score = "additive";
  Initializer kernel_initializer = glorot_uniform();

  void fields(Fields& f) {
    f.required("units");
    f("units", units);
    f("score", score);
    f("kernel_initializer", kernel_initializer);
  }
};

/// A cell that looks at a memory at every step (TF1's AttentionWrapper with input feeding): constants[0] is the memory
/// `[batch, time, features]`, constants[1], if given, its mask `[batch, time]`.
///
///   y = cell(concat(x, a))   context = attend(score(y·query_kernel, memory·memory_kernel), memory)
///   a' = tanh(concat(y, context)·attention_kernel)
///
/// Output a' `[batch, units]`; states a', then those of the cell inside.
class AttentionCell final : public CellInterface {
 public:
  static constexpr const char* name_of_class = "AttentionCell";
  struct Config {
    AnyCell cell;
    Index memory_size = 0;
    AttentionCellOptions options;
    void fields(Fields& f) {
      for (const char* key : {"cell", "memory_size"}) f.required(key);
      f("cell", cell);
      f("memory_size", memory_size);
      options.fields(f);
    }
  };

  /// @param memory_size features of the memory
  /// @throws ValueError for sizes < 1 or an unknown score.
  AttentionCell(AnyCell cell, Index memory_size, AttentionCellOptions options);
  explicit AttentionCell(Config config)
      : AttentionCell(std::move(config.cell), config.memory_size, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const override;
  [[nodiscard]] Index output_size() const override { return config_.options.units; }
  void build(Builder& builder) override;
  void visit(ParameterVisitor& visitor) override;
  [[nodiscard]] Var call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) override;
  void initial_states(Tape& tape, Index batch, std::span<Var> states) override;
  [[nodiscard]] Index mask_count() const override { return config_.cell->mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) override {
    config_.cell->draw_masks(tape, batch, masks);
  }
  [[nodiscard]] bool divides_batch() const override { return config_.cell->divides_batch(); }
  [[nodiscard]] bool takes_constants() const override { return true; }
  /// memory·memory_kernel, which is the same at every step; then what the cell inside has.
  [[nodiscard]] Index prepared_count() const override { return 1 + config_.cell->prepared_count(); }
  void prepare(std::span<const Var> constants, std::span<Var> prepared) override;
  [[nodiscard]] Index state_count() const override { return 1 + config_.cell->state_count(); }
  [[nodiscard]] detail::TypeId type() const override { return detail::TypeId::of<AttentionCell>(); }
  [[nodiscard]] void* object() override { return this; }
  [[nodiscard]] std::string_view class_name() const override { return name_of_class; }
  void fields(Fields& f) override { config_.fields(f); }

 private:
  [[nodiscard]] Var keys(std::span<const Var> constants);

  Config config_;
  Parameter query_kernel_{"query_kernel"};
  Parameter memory_kernel_{"memory_kernel"};
  Parameter scale_{"scale"};
  Parameter attention_kernel_{"attention_kernel"};
};

}  // namespace recur
