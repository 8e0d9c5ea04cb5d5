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
  /// `options` is what `get_config` tells. @throws ValueError for more than one `scale_by_learning_rate`, an
  /// `accumulate_gradients` that is not the first link, or an `average_weights` that is not the last.
  explicit Optimizer(std::vector<AnyLink> links, AnyOptions options = {});
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  ~Optimizer();

  /// One update of all trainable ones of `parameters` by their gradients: runs the links, adds what comes out to the
  /// value, applies the parameter's constraint and zeroes the gradient. The same list, or a list of equal paths, should
  /// be given every time: what links keep belongs to the path, so models may be moved and lists made anew. A parameter
  /// that occurs twice is updated once. Allocates only when the list differs from the last one.
  /// @throws ValueError when two parameters have one path, ShapeError when a path has another shape or type than
  /// before; StateError while `swap_averages` holds. With `accumulate_gradients(n)` only every n-th call does so, the others
  /// leave the gradients to be added to.
  void step(std::span<const NamedParameter> parameters);

  /// Whether the chain has a `scale_by_learning_rate`.
  [[nodiscard]] bool has_learning_rate() const;
  /// The rate of the next update, before `decay`. @throws StateError without `scale_by_learning_rate` in the chain.
  [[nodiscard]] double learning_rate() const;
  /// What the rate is taken from. @throws StateError likewise.
  [[nodiscard]] const Schedule& schedule() const;
  /// Replaces the rate or schedule. @throws StateError likewise, ValueError for a negative rate.
  void set_learning_rate(Schedule learning_rate);

  /// Whether averages of the values are kept: the chain ends with `average_weights`.
  [[nodiscard]] bool has_averages() const { return !links_.empty() && links_.back().get_if<AverageWeights>(); }
  /// Exchanges values and their averages; once more, and all is as before. `AveragedWeights` (averaged_weights.h) does both.
  /// @throws StateError without averages.
  void swap_averages(std::span<const NamedParameter> parameters);

  /// Updates made so far. Set it, and the slots, to continue where a saved run ended.
  [[nodiscard]] Index iterations() const { return iterations_; }
  void set_iterations(Index count);

  /// Makes the slots of the trainable ones of `parameters` that have none yet, as the first `step` would: to load into.
  void create_slots(std::span<const NamedParameter> parameters);
  /// Calls `visit("path/of/parameter/slot", array)` for all that links keep, in a fixed order; with `accumulate_gradients`
  /// also for the gradients so far of the parameters listed last, and `accumulated_steps`, how many calls these are of.
  /// @throws ShapeError when `visit` changes the shape or type of a slot, StateError while `swap_averages` holds.
  void for_each_slot(const std::function<void(const std::string& name, Array& slot)>& visit);

  /// The options a ready-made optimizer was made with; `std::monostate` for a chain.
  [[nodiscard]] const AnyOptions& options() const { return options_; }
  [[nodiscard]] const std::vector<AnyLink>& links() const { return links_; }

 private:
  struct State;
  struct Target;
  struct Piece;

  void check_links();
  void update();
  void plan(std::span<const NamedParameter> parameters);
  [[nodiscard]] bool planned(std::span<const NamedParameter> parameters) const;
  State& state_of(const NamedParameter& parameter);
  void visit_accumulated(const std::function<void(const std::string& name, Array& slot)>& visit);
  /// Runs links [first, last) on all gradients; what the last link of all gives is added to the values.
  void run(std::size_t first, std::size_t last);
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

  // The list given last: who is updated, and their elements in pieces.
  std::vector<NamedParameter> listed_;
  std::vector<bool> was_trainable_;
  std::vector<Target> targets_;      // each parameter once
  std::vector<Parameter*> updated_;  // the parameter of each target
  std::vector<Piece> pieces_;
};

namespace detail {
inline void append(std::vector<AnyLink>& links, const Optimizer& optimizer) {
  links.insert(links.end(), optimizer.links().begin(), optimizer.links().end());
}
inline void append(std::vector<AnyLink>& links, AnyLink link) { links.push_back(std::move(link)); }
}  // namespace detail

/// An optimizer of these parts, links or other optimizers, one after the other:
/// `chain(clip_by_global_norm(5), adam({.learning_rate = 2e-3}))`. Of an optimizer it takes the links, not what they
/// keep.
template <class... Part>
[[nodiscard]] Optimizer chain(const Part&... parts) {
  std::vector<AnyLink> links;
  (detail::append(links, parts), ...);
  return Optimizer(std::move(links));
}

}  // namespace recur::optim
