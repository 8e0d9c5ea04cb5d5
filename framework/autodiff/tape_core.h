#pragma once

#include <recur/framework/autodiff/arena.h>
#include <recur/framework/autodiff/gradient_memory.h>
#include <recur/framework/autodiff/parameter_slot.h>
#include <recur/framework/autodiff/record.h>
#include <recur/framework/autodiff/var.h>

#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace recur {

/// The mechanisms that make training fast. Each can be switched off: results stay as they are, to rounding where a sum
/// changes its order. docs/engine.md says what each does.
struct Mechanisms {
  bool pack_weights = true;    ///< Weights are copied once per update into the order in which products read them.
  bool hoist_products = true;  ///< Products with the steps of a known sequence are computed for many steps at once.
  bool collect_weight_gradients = true;  ///< Products of one weight gradient are computed as one.
  bool overwrite_operands = true;        ///< `fuse` may write over operands that the caller marked by `reuse`.
  bool place_outputs = true;             ///< Steps of a sequence write their outputs where the sequence lies.
  bool divide_batch = true;              ///< An RNN gives each thread rows of the batch (recurrence/replicas.h).
};

/// An operation got values of two tapes.
class ForeignVar : public ValueError {
 public:
  using ValueError::ValueError;
};

namespace detail {

/// Throws ForeignVar, beginning with `function`, if `a` and `b` are on different tapes.
[[noreturn]] void refuse_foreign(const char* function, Var a, Var b);
inline void require_one_tape(const char* function, Var a, Var b) {
  if (&a.tape() != &b.tape()) [[unlikely]]
    refuse_foreign(function, a, b);
}

/// Data that a mechanism keeps with a tape. It is told when the tape is rewound.
class TapeAttachment {
 public:
  virtual ~TapeAttachment() = default;
  /// A position to come back to.
  [[nodiscard]] virtual std::size_t mark() const = 0;
  virtual void rewind(std::size_t mark) = 0;
  /// Bytes held.
  [[nodiscard]] virtual std::size_t memory() const = 0;
};

/// The products' scratch memory (products.cpp).
struct ProductMemory;

class OperationObserver;

/// What a tape offers to authors of operations and of mechanisms; users see `Tape`.
class TapeCore {
 public:
  TapeCore(const TapeCore&) = delete;
  TapeCore& operator=(const TapeCore&) = delete;

  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] bool recording() const { return recording_; }
  /// The mechanisms in use on this tape. Change them before anything is recorded.
  [[nodiscard]] Mechanisms& mechanisms() { return mechanisms_; }

  /// Number of resets so far.
  [[nodiscard]] std::uint64_t pass() const { return pass_; }

  // ---- Values -----------------------------------------------------------------------------------------------------

  /// Makes a value with uninitialized memory, the result of an operation. It has a gradient if the tape records and
  /// `wanted` holds. Rows lie `stride` >= cols elements apart.
  [[nodiscard]] Var output(const Shape& shape, bool wanted, Index stride);
  [[nodiscard]] Var output(const Shape& shape, bool wanted) { return output(shape, wanted, shape.cols()); }
  /// Makes a view of `base` with another shape, `offset` elements in, with `stride` elements from row to row. It shares
  /// memory and gradient with `base`.
  [[nodiscard]] Var view(Var base, Index offset, const Shape& shape, Index stride);
  /// Makes a view of columns [first, first + count) of all rows of `base`.
  [[nodiscard]] Var view_columns(Var base, Index first, Index count) {
    const Node& seen = *base.node();
    Node* const node = new_node(seen.shape, seen.stride);
    node->shape.set_cols(count);
    node->base = seen.base == nullptr ? base.node() : seen.base;
    node->value = static_cast<std::byte*>(seen.value) + static_cast<std::size_t>(first) * size_of(dtype_);
    node->wanted = seen.wanted;
    return Var(node);
  }
  /// Makes a value of its own, with a gradient of its own, in the memory of `x`, whose rows must have no gaps.
  [[nodiscard]] Var shadow(Var x);
  /// Makes the gradient that has arrived at `y` a value in the gradient's memory. For `backward` only.
  [[nodiscard]] Var gradient_at(Var y);
  /// Asks for the gradient of a value made by `Tape::constant`.
  [[nodiscard]] Var want_gradient(Var x) const;
  /// Returns uninitialized memory that lasts until the next `reset`: what an operation keeps for its adjoint.
  template <class T>
  [[nodiscard]] std::span<T> scratch(Index count) {
    return values_.array<T>(count);
  }
  /// Returns room for small bookkeeping (lists of Vars) that lasts until the next `reset`.
  template <class T>
  [[nodiscard]] std::span<T> list(Index count) {
    return nodes_.array<T>(count);
  }

  // ---- Records ----------------------------------------------------------------------------------------------------

  /// Runs `body` in `backward` if a gradient has reached `output`. Captures must be plain: Vars and numbers. In
  /// messages the operation is called `name` or, without one, by the function that `body` is a lambda of.
  template <class Body>
  void on_backward(Var output, Body body) {
    auto* const closure = nodes_.make<Body>(std::move(body));
    records_.push_back({&operation_of<Body>, closure, output, {}});
  }
  template <class Body>
  void on_backward(Var output, const char* name, Body body) {
    on_backward(output, Named<Body>{name, std::move(body)});
  }
  /// Runs `body` in `backward` if a gradient has reached any of `outputs`, a list that lasts as long as the tape's.
  template <class Body>
  void on_backward(std::span<const Var> outputs, Body body) {
    on_backward(outputs[0], std::move(body));
    records_.back().others = outputs.subspan(1);
  }
  /// All records, in the order in which the operations were done.
  [[nodiscard]] std::span<const Record> records() const { return records_; }
  /// Makes `pointer` point to something newer on the tape, until a `rewind` forgets the newer.
  template <class T>
  void set_undoable(T*& pointer, T* target) {
    changes_.push_back(
        {[](void* at, void* before) { *static_cast<T**>(at) = static_cast<T*>(before); }, &pointer, pointer});
    pointer = target;
  }

  /// A point to return to: `rewind` forgets everything after it.
  struct Mark {
    Arena::Mark values;
    Arena::Mark nodes;
    std::size_t records = 0;
    std::size_t changes = 0;
    std::uint64_t leaf_age = 0;
    std::size_t attachment = 0;
  };
  [[nodiscard]] Mark mark() const;
  void rewind(const Mark& mark);

  // ---- Gradients --------------------------------------------------------------------------------------------------

  /// Makes sure that an owner has memory for its gradient. Returns true if `rows` of it hold no numbers yet: the caller
  /// must then assign them. So a gradient that arrives step by step, backwards through time, needs no zeros first.
  [[nodiscard]] bool first_write(Node& root, RowRange rows);
  /// Puts zeros into rows of the gradient that hold no numbers yet.
  void fill_unwritten(Node& root) const;
  /// Makes sure that there is memory for the gradient of `x`, so that operations of a nested tape can add to it.
  void reserve_gradient(Var x);
  /// Keeps the gradient of `root` alive until `release_gradient` is called once more.
  static void retain_gradient(Node& root) { ++root.holds; }
  void release_gradient(Node& root);
  /// Runs backwards through the records from the last down to `first`. Gradients must have been put into values before.
  void run_backwards(std::size_t first);
  /// Computes the pending products of all weight gradients.
  void finish_leaves();

  // ---- For mechanisms ---------------------------------------------------------------------------------------------

  [[nodiscard]] const ParameterSlots& leaves() const { return leaves_; }
  /// Puts parameters' gradients into memory of this tape (`ParameterSlot::own_gradient`), not `Parameter::gradient`.
  void keep_gradients_apart(bool on) { apart_ = on; }
  /// Starts a nested tape (nested_tape.h). `end_nested` forgets what is recorded or computed from now on.
  struct Nested {
    Mark mark;
    std::span<GradientMemory::List> spare;
    const Nested* outer;
    bool recording;
    bool will_recompute;
  };
  void begin_nested(Nested& nested, bool record);
  void end_nested(const Nested& nested);
  /// Whether results are computed now and recorded later, by a recomputation.
  [[nodiscard]] bool will_recompute() const { return will_recompute_; }
  /// Switches `will_recompute`, for a tape that computes a part of another one.
  void set_will_recompute(bool on) { will_recompute_ = on; }
  /// While on, nothing may be recorded: threads work on parts of this tape's values on tapes of their own. A value made
  /// from one of this tape throws ForeignVar.
  void lend(bool on) { lent_ = on; }
  /// The data of a mechanism; null until it is set.
  [[nodiscard]] TapeAttachment* attachment() const { return attachment_.get(); }
  void attach(std::unique_ptr<TapeAttachment> attachment) { attachment_ = std::move(attachment); }
  [[nodiscard]] std::shared_ptr<ProductMemory>& product_memory() { return product_memory_; }
  /// Called before each record runs in `backward`; null for none.
  using BeforeRecord = std::function<void(const Record&)>;
  [[nodiscard]] const BeforeRecord* before_record() const { return before_; }
  void set_before_record(const BeforeRecord* before) { before_ = before; }
  /// Is told of operations (operation_observer.h); null for none.
  [[nodiscard]] OperationObserver* operation_observer() const { return operation_observer_; }
  void set_operation_observer(OperationObserver* observer) { operation_observer_ = observer; }

 protected:
  TapeCore(Tape& tape, DType dtype);
  ~TapeCore();

  [[nodiscard]] Node* new_node(const Shape& shape, Index stride) {
    if (lent_) [[unlikely]]
      refuse_lent();
    return ::new (nodes_.allocate(sizeof(Node))) Node{.tape = tape_, .stride = stride, .shape = shape};
  }
  [[nodiscard]] Var leaf_of(Parameter& parameter);
  void forget_changes() { changes_.clear(); }
  [[noreturn]] static void refuse_lent();

  Tape* tape_;
  DType dtype_;
  std::uint64_t pass_ = 0;
  bool recording_ = true;
  bool frozen_ = false;
  bool apart_ = false;
  bool will_recompute_ = false;
  bool lent_ = false;
  Mechanisms mechanisms_;
  Arena values_;
  Arena nodes_;
  std::vector<Record> records_;

 private:
  struct Change {
    void (*undo)(void* pointer, void* before);
    void* pointer;
    void* before;
  };

  void new_gradient(Node& root);
  void complete_gradient(Node& output) const;
  void copy_parameter(Node& node, const Parameter& parameter);
  void use_gradient_of(Node& node, ParameterSlot& leaf) const;

  std::vector<Change> changes_;
  ParameterSlots leaves_;
  GradientMemory spare_;
  const Nested* nested_ = nullptr;
  const BeforeRecord* before_ = nullptr;
  OperationObserver* operation_observer_ = nullptr;
  std::unique_ptr<TapeAttachment> attachment_;
  std::shared_ptr<ProductMemory> product_memory_;
};

}  // namespace detail
}  // namespace recur
