#pragma once

#include <recur/optim/options.h>
#include <recur/optim/transforms.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace recur::optim {

/// Changes parameters by their gradients: a chain of links, the arrays these keep for each parameter, and a count of
/// the updates. Made by `chain` or ready-made (`adam`, `sgd` … in optimizers.h). An optimizer may itself be a part of a
/// chain.
class Optimizer {
 public:
  /// `options` is what `get_config` tells. In the torch convention, or with `counts_by_parameter`, corrections for bias count the
  /// updates of each parameter, otherwise those of the optimizer. @throws ValueError for more than one `scale_by_learning_rate`, an
  /// `accumulate_gradients` that is not the first link, or an `average_weights` that is not the last.
  explicit Optimizer(std::vector<AnyLink> links, AnyOptions options = {}, bool counts_by_parameter = false);
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  ~Optimizer();

  /// One update of all trainable ones of `parameters` by their gradients: runs the links, adds what comes out to the
  /// value, applies the parameter's constraint and zeroes the gradient. A parameter without a gradient
  /// (`Parameter::has_gradient`) stays as it is, and so does what links keep for it. The same list, or a list of equal paths, should
  /// be given every time: what links keep belongs to the path, so models may be moved and lists made anew. A parameter
  /// that occurs twice is updated once. Allocates only when the list differs from the last one.
  /// With `accumulate_gradients(n)` only every n-th call makes an update, the others leave the gradients to be added to.
  /// @throws ValueError for an empty list, or when two parameters have one path; ShapeError when a path has another shape
  /// or type than before; StateError for a parameter whose layer was moved after the list was made, and while
  /// `swap_averages` holds.
  void step(std::span<const NamedParameter> parameters);

  /// How many calls of `step` make an update: n of `accumulate_gradients(n)`, or 1.
  [[nodiscard]] Index accumulation_steps() const { return accumulate_; }
  /// Calls since the last update.
  [[nodiscard]] Index accumulated_steps() const { return accumulated_; }
  /// Whether the next call of `step` makes an update.
  [[nodiscard]] bool updates_next() const { return accumulated_ + 1 >= accumulate_; }
  /// Zeroes the gradients of all `parameters` and drops what was accumulated: the next `step` begins anew.
  void discard_gradients(std::span<const NamedParameter> parameters);

  /// Whether the chain has a `scale_by_learning_rate`.
  [[nodiscard]] bool has_learning_rate() const;
  /// The rate of the next update, before `decay`. @throws StateError without `scale_by_learning_rate` in the chain.
  [[nodiscard]] double learning_rate() const;
  /// The rate that the next update uses, `decay` applied. @throws StateError without `scale_by_learning_rate` in the chain.
  [[nodiscard]] double next_rate() const;
  /// What the rate is taken from. @throws StateError likewise.
  [[nodiscard]] const Schedule& schedule() const;
  /// Replaces the rate or schedule. @throws StateError likewise, ValueError for a negative rate.
  void set_learning_rate(Schedule learning_rate);

  /// Whether averages of the values are kept: the chain ends with `average_weights`.
  [[nodiscard]] bool has_averages() const { return !links_.empty() && links_.back().get_if<AverageWeights>(); }
  /// Exchanges values and their averages; once more, and all is as before. `AveragedWeights` (averaged_weights.h) does both.
  /// @throws StateError without averages.
  void swap_averages(std::span<const NamedParameter> parameters);
  /// Whether the parameters hold their averages at present.
  [[nodiscard]] bool averages_swapped() const { return swapped_; }

  /// Updates made so far. Set it, and the slots, to continue where a saved run ended.
  [[nodiscard]] Index iterations() const { return iterations_; }
  void set_iterations(Index count);

  /// Makes the slots of the trainable ones of `parameters` that have none yet, as the first `step` would: to load into.
  void create_slots(std::span<const NamedParameter> parameters);
  /// Calls `visit("path/of/parameter/slot", array)` for all that links keep, in a fixed order; with `accumulate_gradients`
  /// also for the gradients so far of the parameters listed last, and `accumulated_steps`, how many calls these are of; where updates
  /// are counted by parameter, for `updates`, how many a parameter has had.
  /// @throws ShapeError when `visit` changes the shape or type of a slot, StateError while `swap_averages` holds.
  void for_each_slot(const std::function<void(const std::string& name, Array& slot)>& visit);

  /// The options a ready-made optimizer was made with; empty for a chain.
  [[nodiscard]] const AnyOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<AnyLink>& links() const { return links_; }
  [[nodiscard]] bool counts_by_parameter() const { return counts_by_parameter_; }

 private:
  struct State;
  struct Target;
  struct Piece;
  /// Pieces, numbers in `active_`, of the parameters that have been updated equally often.
  struct Group {
    Index number;  ///< Of the update, from 1.
    std::size_t begin, end;
  };

  void check_links();
  void update();
  void plan(std::span<const NamedParameter> parameters);
  [[nodiscard]] bool planned(std::span<const NamedParameter> parameters) const;
  State& state_of(const NamedParameter& parameter);
  void group_targets();
  void visit_count(const std::string& path, Index& count, Index limit,
                   const std::function<void(const std::string& name, Array& slot)>& visit);
  void visit_accumulated(const std::function<void(const std::string& name, Array& slot)>& visit);
  /// Runs links [first, last) on the gradients of all groups; what the last link of all gives is added to the values.
  void run(std::size_t first, std::size_t last, Step step);
  void run_group(const Group& group, std::size_t first, std::size_t last);
  template <Scalar T>
  void run_piece(const Piece& piece, std::size_t first, std::size_t last);
  [[nodiscard]] const ScaleByLearningRate& rate_link(const char* function) const;

  std::vector<AnyLink> links_;
  AnyOptions options_;
  std::vector<std::size_t> first_slot_;  // of each link in slots_, and at last their number
  std::vector<Slot> slots_;              // of all links, under names that differ
  std::vector<std::unique_ptr<State>> states_;
  Index iterations_ = 0;
  Index accumulate_ = 1;   // calls of `step` for an update …
  Index accumulated_ = 0;  // … and how many were made for the next one
  bool swapped_ = false;
  bool counts_by_parameter_ = false;

  // The list given last: who is updated, and their elements in pieces.
  std::vector<NamedParameter> listed_;
  std::vector<bool> was_trainable_;
  std::vector<Target> targets_;      // each parameter once
  std::vector<Parameter*> updated_;  // the parameter of each target
  std::vector<Piece> pieces_;        // those of one target after another
  std::vector<std::size_t> active_;  // pieces to be updated, by groups
  std::vector<Group> groups_;
};

namespace detail {
inline void append(std::vector<AnyLink>& links, const Optimizer& optimizer) {
  links.insert(links.end(), optimizer.links().begin(), optimizer.links().end());
}
inline void append(std::vector<AnyLink>& links, AnyLink link) { links.push_back(std::move(link)); }
template <class Part>
[[nodiscard]] bool counts_by_parameter(const Part& part) {
  if constexpr (std::same_as<Part, Optimizer>) return part.counts_by_parameter();
  else return false;
}
}  // namespace detail

/// An optimizer of these parts, links or other optimizers, one after the other:
/// `chain(clip_by_global_norm(5), adam({.learning_rate = 2e-3}))`. Of an optimizer it takes the links, not what they
/// keep.
template <class... Part>
[[nodiscard]] Optimizer chain(const Part&... parts) {
  std::vector<AnyLink> links;
  (detail::append(links, parts), ...);
  return Optimizer(std::move(links), {}, (detail::counts_by_parameter(parts) || ...));
}

}  // namespace recur::optim
