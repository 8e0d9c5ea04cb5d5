#pragma once

#include <recur/layers/cells/any_cell.h>

#include <vector>

namespace recur {

/// A stack of cells as one cell (`tf.keras.layers.StackedRNNCells`, r1.15): the output of each cell is the input of the
/// next cell at the same step. Cells may be of any classes, stacks included. The state is the list of the cells' states
/// in cell order, or in reverse order with `reverse_state_order`.
class StackedRNNCells final : public CellInterface {
 public:
  /// Throws ValueError if the list is empty.
  explicit StackedRNNCells(std::vector<AnyCell> cells, bool reverse_state_order = false);
  /// Takes the cells in order: `StackedRNNCells{LSTMCell{128}, GRUCell{64}}`. A class that is not a cell does not
  /// compile; the message says what is missing.
  template <class First, class... Rest>
    requires((!std::same_as<std::remove_cvref_t<First>, StackedRNNCells> || sizeof...(Rest) > 0) &&
             !std::same_as<std::remove_cvref_t<First>, std::vector<AnyCell>>)
  explicit StackedRNNCells(First&& first, Rest&&... rest)
      : StackedRNNCells(list_of(std::forward<First>(first), std::forward<Rest>(rest)...)) {}

  static constexpr const char* name_of_class = "StackedRNNCells";
  /// Config: the list of cells and the order of states.
  struct Config {
    std::vector<AnyCell> cells;
    bool reverse_state_order = false;
    void fields(Fields& f) {
      f.required("cells");
      f("cells", cells);
      f("reverse_state_order", reverse_state_order);
    }
  };
  explicit StackedRNNCells(Config config) : StackedRNNCells(std::move(config.cells), config.reverse_state_order) {}

  /// Returns the cells in order.
  [[nodiscard]] std::span<AnyCell> cells() { return cells_; }
  [[nodiscard]] bool reverse_state_order() const { return reversed_; }

  [[nodiscard]] StateSize state_size() const override;
  [[nodiscard]] Index output_size() const override { return cells_.back()->output_size(); }
  void build(Builder& builder) override;
  void visit(ParameterVisitor& visitor) override;
  [[nodiscard]] Var call(Var x, std::span<const Var> states, std::span<Var> next, const CellContext& context) override;
  void initial_states(Tape& tape, Index batch, std::span<Var> states) override;
  [[nodiscard]] Index mask_count() const override;
  void draw_masks(Tape& tape, Index batch, std::span<Var> masks) override;
  [[nodiscard]] bool takes_constants() const override;
  [[nodiscard]] Index prepared_count() const override;
  void prepare(std::span<const Var> constants, std::span<Var> prepared) override;
  [[nodiscard]] bool divides_batch() const override;
  [[nodiscard]] Index state_count() const override { return state_count_; }
  [[nodiscard]] std::span<AnyCell> stacked() override { return cells_; }
  [[nodiscard]] Index state_offset(Index k) const override { return offsets_[static_cast<std::size_t>(k)]; }
  [[nodiscard]] detail::TypeId type() const override { return detail::TypeId::of<StackedRNNCells>(); }
  [[nodiscard]] void* object() override { return this; }
  [[nodiscard]] std::string_view class_name() const override { return name_of_class; }
  void fields(Fields& f) override;

 private:
  template <class... C>
  [[nodiscard]] static std::vector<AnyCell> list_of(C&&... cells) {
    std::vector<AnyCell> list;
    list.reserve(sizeof...(C));
    // NOLINTNEXTLINE(modernize-use-emplace): the compiler's message about a class that is no cell is shorter so.
    (list.push_back(AnyCell(std::forward<C>(cells))), ...);
    return list;
  }

  std::vector<AnyCell> cells_;
  std::vector<Index> offsets_;
  Index state_count_ = 0;
  bool reversed_;
};

}  // namespace recur
