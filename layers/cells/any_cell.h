#pragma once

#include <recur/framework/tensor/type_id.h>
#include <recur/layers/cells/cell.h>
#include <recur/layers/config/fields.h>

#include <memory>
#include <string_view>
#include <type_traits>

namespace recur {

class AnyCell;

/// What every cell can do, with states as a flat list. `AnyCell` writes it for a cell of one's own; cells made of cells
/// (stacks, wrappers), whose states are only known at run time, derive from it.
class CellInterface {
 public:
  virtual ~CellInterface() = default;
  [[nodiscard]] virtual StateSize state_size() const = 0;
  [[nodiscard]] virtual Index output_size() const = 0;
  virtual void build(Builder& builder) = 0;
  virtual void visit(ParameterVisitor& visitor) = 0;
  /// One step: reads `states`, writes `next`, returns the output.
  [[nodiscard]] virtual Var call(Var x, std::span<const Var> states, std::span<Var> next,
                                 const CellContext& context) = 0;
  virtual void initial_states(Tape& tape, Index batch, std::span<Var> states) = 0;
  /// The states to start with, in the order of `state_size`; a list on the tape.
  [[nodiscard]] std::span<const Var> get_initial_state(Tape& tape, Index batch) {
    const auto states = tape.list<Var>(state_count());
    initial_states(tape, batch, states);
    return states;
  }
  /// For inputs `[batch, …]`, on their tape.
  [[nodiscard]] std::span<const Var> get_initial_state(Var inputs) {
    require(inputs.shape().rank() > 1, "get_initial_state: inputs {} where [batch, …] is expected", inputs.shape());
    return get_initial_state(inputs.tape(), inputs.shape()[0]);
  }
  [[nodiscard]] virtual Index mask_count() const = 0;
  virtual void draw_masks(Tape& tape, Index batch, std::span<Var> masks) = 0;
  [[nodiscard]] virtual bool takes_constants() const = 0;
  /// Number of values that are made of the constants before the first step, for `CellContext::prepared`.
  [[nodiscard]] virtual Index prepared_count() const { return 0; }
  virtual void prepare(std::span<const Var> /*constants*/, std::span<Var> /*prepared*/) {}
  /// Whether the rows of a batch may be divided over threads, each on a tape of its own.
  [[nodiscard]] virtual bool divides_batch() const { return true; }
  /// Number of Vars in the state.
  [[nodiscard]] virtual Index state_count() const = 0;
  /// The cells of a stack, in order: their steps may be taken cell by cell over the whole sequence. Empty for other
  /// cells.
  [[nodiscard]] virtual std::span<AnyCell> stacked() { return {}; }
  /// Where the states of cell `k` of a stack begin in the flat list.
  [[nodiscard]] virtual Index state_offset(Index /*k*/) const { return 0; }
  [[nodiscard]] virtual detail::TypeId type() const = 0;
  [[nodiscard]] virtual void* object() = 0;
  /// Penalty on what the cell hands out in an RNN, alone or in a stack, as if it were an RNN layer of its own: all its
  /// outputs, or the last one where only that is wanted. It is part of `RNNResult::penalty`.
  Regularizer activity_regularizer{};
  /// For a config: the name of the class, empty if it has none, and its options.
  [[nodiscard]] virtual std::string_view class_name() const { return {}; }
  virtual void fields(Fields& /*fields*/) {}

  /// The constants this cell is handed: all, or none if it takes none.
  [[nodiscard]] std::span<const Var> own_constants(std::span<const Var> constants) const {
    return takes_constants() ? constants : std::span<const Var>();
  }
  /// Its part of the context of a list of cells, taken off the front of `rest`.
  [[nodiscard]] CellContext take_context(CellContext& rest) const {
    const auto take = [](std::span<const Var>& values, Index count) {
      const auto own = values.first(values.empty() ? 0 : static_cast<std::size_t>(count));
      values = values.subspan(own.size());
      return own;
    };
    return {take(rest.masks, mask_count()), own_constants(rest.constants), take(rest.prepared, prepared_count()),
            rest.observer};
  }
};

namespace detail {

template <class C>
class CellAdapter;

// Whatever `call` returns.
template <class C>
concept TakesSteps = requires(C& c, Var x, typename C::State s) {
  c.call(x, s);
};
template <class C>
concept TakesStepsWithContext = requires(C& c, Var x, typename C::State s, const CellContext& context) {
  c.call(x, s, context);
};

// A list of cells of one class.
template <class C>
concept ListOfCells = requires {
  requires RNNCell<typename C::value_type>;
};

/// Returns true if C is a cell. Otherwise compilation stops with what C lacks first.
template <class C>
constexpr bool check_cell() {
  if constexpr (ListOfCells<C>)
    static_assert(never<C>, "not a cell: a list of cells is StackedRNNCells{a, b} or a std::vector<AnyCell>");
  else if constexpr (!HasCellState<C>)
    static_assert(never<C>, "not a cell: it needs a type `State`, an aggregate of Vars (layers go into Sequential)");
  else if constexpr (!made_of_vars<typename C::State>)
    static_assert(never<C>, "not a cell: State must be an aggregate of one to four Vars");
  else if constexpr (!HasStateSize<C>)
    static_assert(never<C>, "not a cell: it needs `StateSize state_size() const`, one number for each state");
  else if constexpr (!TakesSteps<C> && !TakesStepsWithContext<C>)
    static_assert(never<C>, "not a cell: it needs `Step<State> call(Var x, State s)`");
  else if constexpr (!ShowsParameters<C>)
    static_assert(never<C>,
                  "not a cell: it has `build` but no `visit(ParameterVisitor&)`, which names its parameters "
                  "to optimizers and files");
  else if constexpr (!RNNCell<C>) static_assert(never<C>, "not a cell: `call` must return Step<State>{output, state}");
  else return true;
  return false;
}

}  // namespace detail

/// Any cell behind one type, so that a list of cells can be made at run time. It adapts the cell and adds nothing to
/// it.
class AnyCell {
 public:
  /// No cell yet: only to be assigned to.
  AnyCell() = default;
  template <class C>
    requires(!std::same_as<std::remove_cvref_t<C>, AnyCell>)
  AnyCell(C&& cell) {  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload): every cell is one.
    using Plain = std::remove_cvref_t<C>;
    static_assert(!(std::is_lvalue_reference_v<C> && detail::HasParameters<Plain>),
                  "a cell with parameters is moved, `std::move(cell)`, or copied by name, `Cell(cell)`");
    if constexpr (std::derived_from<Plain, CellInterface>) {
      cell_ = std::make_unique<Plain>(std::forward<C>(cell));
      copy_ = &detail::copied<Plain, CellInterface>;
    } else if constexpr (detail::check_cell<Plain>()) {
      cell_ = std::make_unique<detail::CellAdapter<Plain>>(std::forward<C>(cell));
      copy_ = &detail::copied<detail::CellAdapter<Plain>, CellInterface>;
    }
  }
  /// Copies the cell with its parameters. Throws StateError for a class without copy constructor.
  explicit AnyCell(const AnyCell& other)
      : common(other.common), cell_(other.empty() ? nullptr : other.copy_(*other.cell_)), copy_(other.copy_) {}
  AnyCell(AnyCell&&) = default;
  AnyCell& operator=(AnyCell&&) = default;
  ~AnyCell() = default;

  [[nodiscard]] CellInterface* operator->() const { return cell_.get(); }
  [[nodiscard]] CellInterface& operator*() const { return *cell_; }
  /// The cell as the type it was made from. @throws ValueError when it is another.
  template <class C>
  [[nodiscard]] C& as() const {
    require<ValueError>(cell_->type() == detail::TypeId::of<C>(), "AnyCell::as: the cell is of another type");
    return *static_cast<C*>(cell_->object());
  }
  [[nodiscard]] bool empty() const { return cell_ == nullptr; }
  void build(Builder& builder) { common.build(*cell_, builder); }
  void visit(ParameterVisitor& visitor) const { cell_->visit(visitor); }

  CommonConfig common;

 private:
  std::unique_ptr<CellInterface> cell_;
  std::unique_ptr<CellInterface> (*copy_)(const CellInterface&) = nullptr;
};

/// For cells that call others step by step, where penalties are not collected. @throws ValueError when `cell`, or one
/// of its stack, has an activity_regularizer.
inline void refuse_activity_regularizer(const char* wrapper, const AnyCell& cell) {
  require<ValueError>(!cell->activity_regularizer,
                      "{}: the cell inside has an activity_regularizer; give it to the {} instead", wrapper, wrapper);
  for (const AnyCell& part : cell->stacked()) refuse_activity_regularizer(wrapper, part);
}

namespace detail {

template <class C>
class CellAdapter final : public CellInterface {
 public:
  using State = typename C::State;
  static constexpr std::size_t count = detail::state_count<State>;

  explicit CellAdapter(C cell) : cell_(std::move(cell)) {
    sizes_ = StateSize(cell_.state_size()).flat();
    require<ValueError>(sizes_.size() == count, "AnyCell: state_size() lists {} states, State holds {}", sizes_.size(),
                        count);
  }

  [[nodiscard]] StateSize state_size() const override { return cell_.state_size(); }
  [[nodiscard]] Index output_size() const override {
    if constexpr (requires { cell_.output_size(); }) return cell_.output_size();
    else return sizes_.front();
  }
  void build(Builder& builder) override {
    if constexpr (requires { cell_.build(builder); }) cell_.build(builder);
  }
  void visit(ParameterVisitor& visitor) override {
    if constexpr (requires { cell_.visit(visitor); }) cell_.visit(visitor);
  }
  Var call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) override {
    State state;
    const auto vars = state_vars(state);
    for (std::size_t i = 0; i < count; ++i) *vars[i] = states[i];
    Step<State> step = [&] {
      if constexpr (requires { cell_.call(x, state, context); }) return cell_.call(x, state, context);
      else return cell_.call(x, state);
    }();
    const auto after = state_vars(step.state);
    for (std::size_t i = 0; i < count; ++i) next[i] = *after[i];
    return step.output;
  }
  void initial_states(Tape& tape, Index batch, std::span<Var> states) override {
    if constexpr (requires { cell_.get_initial_state(tape, batch); }) {
      State state = cell_.get_initial_state(tape, batch);
      const auto vars = state_vars(state);
      for (std::size_t i = 0; i < count; ++i) states[i] = *vars[i];
    } else {
      std::size_t i = 0;
      for (const Index size : sizes_) states[i++] = tape.zeros({batch, size});
    }
  }
  [[nodiscard]] Index mask_count() const override {
    if constexpr (requires { cell_.mask_count(); }) return cell_.mask_count();
    else return 0;
  }
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) override {
    if constexpr (requires { cell_.draw_masks(tape, batch, masks); }) cell_.draw_masks(tape, batch, masks);
  }
  [[nodiscard]] bool takes_constants() const override {
    if constexpr (requires { C::takes_constants; }) return C::takes_constants;
    else return false;
  }
  [[nodiscard]] Index prepared_count() const override {
    if constexpr (requires { cell_.prepared_count(); }) return cell_.prepared_count();
    else return 0;
  }
  void prepare([[maybe_unused]] std::span<const Var> constants, [[maybe_unused]] std::span<Var> prepared) override {
    if constexpr (requires { cell_.prepare(constants, prepared); }) cell_.prepare(constants, prepared);
  }
  [[nodiscard]] bool divides_batch() const override {
    if constexpr (requires { C::divides_batch; }) return C::divides_batch;
    else return true;
  }
  [[nodiscard]] Index state_count() const override { return static_cast<Index>(count); }
  [[nodiscard]] TypeId type() const override { return TypeId::of<C>(); }
  [[nodiscard]] void* object() override { return &cell_; }
  [[nodiscard]] std::string_view class_name() const override {
    if constexpr (requires { C::class_name; }) return C::class_name;
    else return {};
  }
  void fields([[maybe_unused]] Fields& fields) override {
    if constexpr (requires { cell_.config().fields(fields); }) cell_.config().fields(fields);
  }

 private:
  C cell_;
  std::vector<Index> sizes_;
};

}  // namespace detail
}  // namespace recur
