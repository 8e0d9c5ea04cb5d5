#pragma once

#include <recur/layers/cells/lstm_cell.h>

namespace recur {

struct ProjectedLSTMCellOptions : LSTMCellOptions {
  /// Size of the output and of the state h. Must be set.
  Index projection = 0;
  Initializer projection_initializer = glorot_uniform();
  /// Cut projected values to [-proj_clip, proj_clip]. 0 for no limit.
  double proj_clip = 0;

  void fields(Fields& f);
};

/// An LSTM whose output is projected to fewer features (Sak et al. 2014; TF1's `num_proj`, PyTorch's `proj_size`):
///
///   h' = (o∘tanh(c'))·projection_kernel
///
/// projection_kernel `[units, projection]`, recurrent_kernel `[projection, 4·units]`.
/// Output and state h `[batch, projection]`, state c `[batch, units]`. Other options are those of `LSTMCell`.
class ProjectedLSTMCell {
 public:
  static constexpr const char* class_name = "ProjectedLSTMCell";
  using Options = ProjectedLSTMCellOptions;
  using Config = UnitsConfig<Options>;
  using State = LSTMState;

  /// Throws ValueError if a size is < 1, a dropout rate is outside [0, 1), or a clip is negative.
  explicit ProjectedLSTMCell(Index units, ProjectedLSTMCellOptions options);
  explicit ProjectedLSTMCell(Config config) : ProjectedLSTMCell(config.units, std::move(config.options)) {}

  [[nodiscard]] StateSize state_size() const { return {options_.projection, units()}; }
  void build(Builder& build);
  [[nodiscard]] Step<State> call(Var x, State s, const CellContext& context = {});
  void visit(ParameterVisitor& visitor) {
    gates_.visit(visitor);
    visitor(projection_kernel_);
  }
  [[nodiscard]] Index mask_count() const { return gates_.mask_count(); }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) { gates_.draw_masks(tape, batch, masks); }
  [[nodiscard]] Config config() const { return {units(), options_}; }
  [[nodiscard]] Index units() const { return gates_.units(); }

 private:
  ProjectedLSTMCellOptions options_;
  Gates gates_;
  Parameter projection_kernel_{"projection_kernel"};
};

}  // namespace recur
