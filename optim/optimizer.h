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

/// Changes parameters by their gradients. Holds a chain of links, the arrays that the links keep for each parameter,
/// and the number of updates. Made by `chain`, or ready-made by `adam`, `sgd` and others (optimizers.h). May itself be
/// a part of a chain.
class Optimizer {
 public:
  /// @param options what `get_config` returns
  /// @param counts_by_parameter corrections for bias count the updates of each parameter (so do optimizers in the torch
  /// convention) instead of the updates of the optimizer
  /// Throws ValueError if there is more than one `scale_by_learning_rate`, `accumulate_gradients` is not the first
  /// link, or `average_weights` is not the last.
  explicit Optimizer(std::vector<AnyLink> links, AnyOptions options = {}, bool counts_by_parameter = false);
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  ~Optimizer();

  /// Makes one update of all trainable parameters in the list: runs the links on the gradients, adds the result to the
  /// values, applies constraints, and zeroes the gradients. A parameter without a gradient (`Parameter::has_gradient`)
  /// and its slots stay as they are. A parameter that occurs twice is updated once.
  /// Slots belong to the path of a parameter: give a list with the same paths every time. Models may be moved and lists
  /// made again. Allocates only if the list differs from the last list.
  /// With `accumulate_gradients(n)` every n-th call makes an update, and the other calls leave the gradients as they
  /// are.
  /// Throws ValueError if the list is empty or two parameters have one path, ShapeError if the parameter of a path has
  /// changed its shape or type, StateError if the layer of a parameter was moved after the list was made, or while
  /// `swap_averages` holds.
  void step(std::span<const NamedParameter> parameters);

  /// Returns how many calls of `step` make one update: n of `accumulate_gradients(n)`, otherwise 1.
  [[nodiscard]] Index accumulation_steps() const { return accumulate_; }
  /// Returns the number of calls of `step` since the last update.
  [[nodiscard]] Index accumulated_steps() const { return accumulated_; }
  /// Returns true if the next call of `step` makes an update.
  [[nodiscard]] bool updates_next() const { return accumulated_ + 1 >= accumulate_; }
  /// Zeroes the gradients of all `parameters` and forgets accumulated calls.
  void discard_gradients(std::span<const NamedParameter> parameters);

  /// Returns true if the chain has a `scale_by_learning_rate`.
  [[nodiscard]] bool has_learning_rate() const;
  /// Returns the learning rate of the next update, before `decay`. Throws StateError if the chain has no
  /// `scale_by_learning_rate`.
  [[nodiscard]] double learning_rate() const;
  /// Returns the learning rate of the next update, after `decay`. Throws StateError if the chain has no
  /// `scale_by_learning_rate`.
  [[nodiscard]] double next_rate() const;
  /// Returns the schedule of the learning rate. Throws StateError if the chain has no `scale_by_learning_rate`.
  [[nodiscard]] const Schedule& schedule() const;
  /// Replaces the learning rate or schedule. Throws StateError if the chain has no `scale_by_learning_rate`, ValueError
  /// if the rate is negative.
  void set_learning_rate(Schedule learning_rate);

  /// Returns true if the optimizer keeps moving averages of the values: the chain ends with `average_weights`.
  [[nodiscard]] bool has_averages() const { return !links_.empty() && links_.back().get_if<AverageWeights>(); }
  /// Exchanges values and their averages. A second call restores them. `AveragedWeights` (averaged_weights.h) makes
  /// both calls. Throws StateError if there are no averages.
  void swap_averages(std::span<const NamedParameter> parameters);
  /// Returns true while the parameters hold their averages.
  [[nodiscard]] bool averages_swapped() const { return swapped_; }

  /// Returns the number of updates so far. Set it and the slots to continue a saved run.
  [[nodiscard]] Index iterations() const { return iterations_; }
  void set_iterations(Index count);

  /// Creates missing slots of the trainable parameters, as the first `step` would, so that saved slots can be loaded.
  void create_slots(std::span<const NamedParameter> parameters);
  /// Calls `visit("path/of/parameter/slot", array)` for each slot in a fixed order. With `accumulate_gradients` also
  /// for the gradients accumulated so far and for `accumulated_steps`. Where updates are counted by parameter also for
  /// `updates`, the count of each parameter. Throws ShapeError if `visit` changes the shape or type of a slot,
  /// StateError while `swap_averages` holds.
  void for_each_slot(const std::function<void(const std::string& name, Array& slot)>& visit);

  /// Returns the options of a ready-made optimizer; empty for a chain.
  [[nodiscard]] const AnyOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<AnyLink>& links() const { return links_; }
  [[nodiscard]] bool counts_by_parameter() const { return counts_by_parameter_; }

 private:
  struct State;
  struct Target;
  struct Piece;
  /// Pieces (numbers in `active_`) of parameters that have had the same number of updates.
  struct Group {
    Index number;  ///< Of the update, from 1.
    std::size_t begin, end;
  };

  void check_links();
  void update();
  void plan(std::span<const NamedParameter> parameters);
  [[nodiscard]] bool planned(std::span<const NamedParameter> parameters) const;
  State& state_of(const NamedParameter& named);
  void group_targets();
  void visit_count(const std::string& path, Index& count, Index limit,
                   const std::function<void(const std::string& name, Array& slot)>& visit);
  void visit_accumulated(const std::function<void(const std::string& name, Array& slot)>& visit);
  /// Runs links [first, last) on the gradients of all groups. The result of the last link of the chain is added to the
  /// values.
  void run(std::size_t first, std::size_t last, UpdateInfo step);
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

/// Makes an optimizer from links and other optimizers, in order: `chain(clip_by_global_norm(5), adam({.learning_rate =
/// 2e-3}))`. Of an optimizer it takes the links without their slots.
template <class... Part>
[[nodiscard]] Optimizer chain(const Part&... parts) {
  std::vector<AnyLink> links;
  (detail::append(links, parts), ...);
  return Optimizer(std::move(links), {}, (detail::counts_by_parameter(parts) || ...));
}

}  // namespace recur::optim
