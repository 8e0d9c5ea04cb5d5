#pragma once

#include <recur/framework/autodiff/arena.h>
#include <recur/framework/autodiff/parameter.h>
#include <recur/framework/autodiff/var.h>
#include <recur/framework/gemm/gemm.h>
#include <recur/framework/tensor/array.h>
#include <recur/framework/tensor/random.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace recur {

class OutputPlacement;

namespace detail {

/// What can be done with a closure without knowing its type.
struct Operation {
  void (*run)(void* closure);
  std::string (*name)(const void* closure);
};

/// A closure with a name, where that of the function it was made in says too little.
template <class Body>
struct Named {
  const char* text;
  Body body;
  void operator()() { body(); }
  [[nodiscard]] std::string name() const { return text; }
};

/// The function that the closure of this type was made in: `matmul` of `recur::matmul(recur::Var, …)::{lambda()#1}`.
[[nodiscard]] std::string operation_name(const std::type_info& closure);

template <class Body>
inline constexpr Operation operation_of = {[](void* self) { (*static_cast<Body*>(self))(); },
                                           []([[maybe_unused]] const void* self) -> std::string {
                                             if constexpr (requires(const Body& body) { body.name(); })
                                               return static_cast<const Body*>(self)->name();
                                             else return operation_name(typeid(Body));
                                           }};

/// One entry of the tape: what to run when gradients flow back through `output` (and its siblings).
struct Record {
  const Operation* operation;
  void* closure;
  Node* output;

  [[nodiscard]] std::string name() const { return operation->name(closure); }
};

/// What a tape knows of a parameter: its node in this pass, its packed forms, and the products of its gradient that wait
/// to be done as one. Kept over `reset`, so that nothing is packed twice or allocated again.
struct LeafSlot;

}  // namespace detail

/// Records operations in execution order and runs them backwards. All values, gradients and closures live in arenas that
/// are reused: a training step that repeats the one before allocates nothing.
///
/// One tape serves one thread; any number of tapes may run at once. All values of a tape have its number type.
class Tape {
 public:
  explicit Tape(DType dtype = DType::float32, std::uint64_t seed = 0);
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  [[nodiscard]] DType dtype() const { return dtype_; }

  /// A value without gradient: the data is copied and converted to the tape's number type.
  template <Scalar T>
  [[nodiscard]] Var constant(const Tensor<T>& tensor) {
    return constant(tensor.shape(), tensor.values());
  }
  [[nodiscard]] Var constant(const Array& array);
  [[nodiscard]] Var constant(Shape shape, std::span<const float> values);
  [[nodiscard]] Var constant(Shape shape, std::span<const double> values);
  [[nodiscard]] Var constant(Shape shape, std::span<const Dual> values);
  [[nodiscard]] Var constant(double value) { return constant(Shape{}, std::span<const double>(&value, 1)); }
  [[nodiscard]] Var filled(Shape shape, double value);
  [[nodiscard]] Var zeros(Shape shape) { return filled(shape, 0); }
  /// The same numbers where they lie, without a copy: they must stay there, unchanged, until the tape is reset.
  /// @throws StateError when the tape has another number type.
  template <Scalar T>
  [[nodiscard]] Var borrow(const Tensor<T>& tensor) {
    return borrow(tensor.shape(), dtype_of<T>, tensor.data());
  }
  /// A value whose gradient is wanted: after `backward` read it with `Var::gradient`.
  template <class Data>
  [[nodiscard]] Var input(const Data& data) {
    return want_gradient(constant(data));
  }
  /// The parameter as a value on this tape; its gradient is added to `parameter.gradient`.
  /// @throws StateError when the parameter was not created or has another number type.
  [[nodiscard]] Var leaf(Parameter& parameter);
  /// On a tape of duals: the parameter with the direction in which derivatives are taken, before anything else uses it. Its
  /// gradient is that of the Var. @throws StateError on another tape or when the parameter is on it already.
  [[nodiscard]] Var leaf(Parameter& parameter, const Array& tangent);
  /// The same value cut off from what computed it: gradients stop here, and so do tangents.
  [[nodiscard]] Var detach(Var x);

  /// Adds d `loss` / d p to the gradient of every parameter and input that `loss` depends on.
  /// @throws ShapeError unless `loss` is a single number; StateError when nothing it depends on wants a gradient.
  void backward(Var loss);
  /// The same for any shape of `y`, with `seed` in the place of d loss / d y.
  void backward(Var y, const Array& seed);
  /// The same, with `before` called for each operation before its gradients are passed on: to find out what goes wrong in one.
  void backward(Var loss, const std::function<void(const detail::Record&)>& before);
  /// Runs backwards from gradients that have been put into values already (`Var::add_gradient`): for several outputs at once.
  void propagate();
  /// Forgets all values and operations and keeps the memory for the next pass. Vars from before must not be used again.
  void reset();

  /// While this is false nothing is recorded (inference).
  [[nodiscard]] bool recording() const { return recording_; }
  void set_recording(bool on) { recording_ = on; }
  /// Whether layers that behave differently in training (dropout, zoneout) do so. Off while not recording.
  [[nodiscard]] bool training() const { return training_ && (recording_ || computing_); }
  void set_training(bool on) { training_ = on; }
  /// Whether what is computed now is not recorded, but will be when it is done again (recompute.h).
  [[nodiscard]] bool computing() const { return computing_; }
  /// While on, parameters that come onto the tape want no gradient, trainable or not.
  void freeze_parameters(bool on) { frozen_ = on; }
  /// Draws dropout masks.
  [[nodiscard]] Generator& generator() { return generator_; }

  /// Bytes held for values, gradients and closures.
  [[nodiscard]] std::size_t memory() const { return values_.capacity() + nodes_.capacity(); }
  /// Number of recorded operations.
  [[nodiscard]] std::size_t size() const { return records_.size(); }
  /// These operations, in the order they were done.
  [[nodiscard]] std::span<const detail::Record> records() const { return records_; }

  /// A point to return to: `rewind` forgets everything after it, so that a long inference runs in constant memory.
  struct Mark {
    Arena::Mark values;
    Arena::Mark nodes;
    std::size_t records = 0;
    std::size_t changes = 0;
    std::uint64_t leaf_age = 0;
  };
  [[nodiscard]] Mark mark() const {
    return {values_.mark(), nodes_.mark(), records_.size(), changes_.size(), leaf_age_};
  }
  void rewind(const Mark& mark);

  // ---- For authors of operations -------------------------------------------------------------------------------------

  /// Memory for the result of an operation, uninitialized. It has a gradient if the tape records and `wanted` holds.
  [[nodiscard]] Var output(const Shape& shape, bool wanted) { return output(shape, wanted, shape.cols()); }
  /// The same with rows `stride` >= cols elements apart.
  [[nodiscard]] Var output(const Shape& shape, bool wanted, Index stride);
  /// A part of `base` seen as `shape`, starting `offset` elements in, `stride` elements from row to row. Shares memory and
  /// gradient.
  [[nodiscard]] Var view(Var base, Index offset, const Shape& shape, Index stride);
  /// Runs `body` in `backward` if a gradient has reached `output`. Captures must be plain: Vars and numbers. In messages the
  /// operation is called `name` or, without one, by the function that `body` is a lambda of.
  template <class Body>
  void on_backward(Var output, Body body) {
    auto* const closure = nodes_.make<Body>(std::move(body));
    records_.push_back({&detail::operation_of<Body>, closure, output.node()});
  }
  template <class Body>
  void on_backward(Var output, const char* name, Body body) {
    on_backward(output, detail::Named<Body>{name, std::move(body)});
  }
  /// The same for an operation with several outputs: runs if a gradient has reached any of them.
  template <class Body>
  void on_backward(std::span<const Var> outputs, Body body) {
    for (std::size_t i = 0; i + 1 < outputs.size(); ++i) outputs[i].node()->sibling = outputs[i + 1].node();
    on_backward(outputs[0], std::move(body));
  }
  /// Uninitialized memory until the next `reset`: what an operation keeps for its adjoint.
  template <class T>
  [[nodiscard]] std::span<T> scratch(Index count) {
    return values_.array<T>(count);
  }
  /// Room for small bookkeeping (lists of Vars).
  template <class T>
  [[nodiscard]] std::span<T> list(Index count) {
    return nodes_.array<T>(count);
  }
  /// Lets something on the tape point to something newer on it, until a `rewind` forgets the newer.
  template <class T>
  void point(T*& pointer, T* target) {
    changes_.push_back(
        {[](void* at, void* before) { *static_cast<T**>(at) = static_cast<T*>(before); }, &pointer, pointer});
    pointer = target;
  }
  [[nodiscard]] GemmWorkspace& workspace() { return workspace_; }
  /// Asks for the gradient of a value made by `constant`.
  [[nodiscard]] Var want_gradient(Var x);
  /// The same numbers as a value of its own, with a gradient of its own. `x` must be without gaps between its rows.
  [[nodiscard]] Var shadow(Var x);
  /// Makes sure that there is memory for the gradient of `x`, so that operations on a detour (detour.h) can add to it.
  void reserve_gradient(Var x);
  /// The gradient that has arrived at `y` as a value, in the same memory. In `backward` only.
  [[nodiscard]] Var gradient_at(Var y);

  // ---- For Var -------------------------------------------------------------------------------------------------------
  /// Makes sure an owner has memory for its gradient. True when rows [first, last) of it hold nothing yet: they are the
  /// caller's to assign. So a gradient that arrives step by step, backwards through time, needs no zeros first.
  [[nodiscard]] bool claim_rows(detail::Node& root, Index first, Index last);
  /// Puts zeros where nothing has been assigned.
  void fill_blank_rows(detail::Node& root);
  void hold(detail::Node& root) { ++root.holds; }
  void release(detail::Node& root);

 private:
  friend class Detour;
  friend class OutputPlacement;
  [[nodiscard]] detail::Node* new_node(const Shape& shape);
  [[nodiscard]] Var borrow(Shape shape, DType dtype, const void* values);
  void copy_parameter(detail::Node& node, const Parameter& parameter);
  template <class From>
  [[nodiscard]] Var copied(Shape shape, std::span<const From> values);
  void run_backwards(std::size_t first_record);
  void new_adjoint(detail::Node& root);
  void free_adjoint(detail::Node& root);
  void complete_adjoint(detail::Node& output);

  DType dtype_;
  bool recording_ = true;
  bool training_ = true;
  bool computing_ = false;  // what is not recorded now will be when it is done again
  int depth_ = 0;
  bool frozen_ = false;
  Arena values_;
  Arena nodes_;
  std::vector<detail::Record> records_;
  struct Change {
    void (*undo)(void* pointer, void* before);
    void* pointer;
    void* before;
  };
  std::vector<Change> changes_;
  std::vector<std::unique_ptr<detail::LeafSlot>> leaves_;
  std::size_t last_leaf_ = 0;
  std::uint64_t leaf_age_ = 1;
  /// Memory of a gradient that is needed no more, and how it was used last.
  struct SpareBuffer {
    void* memory;
    Index stride;
    detail::RowOwners rows;
  };
  struct FreeList {
    std::size_t bytes;
    std::vector<SpareBuffer> buffers;
    std::size_t own = 0;  // those before belong to what a detour interrupted
  };
  std::vector<FreeList> free_;
  GemmWorkspace workspace_;
  Generator generator_;
  const std::function<void(const detail::Record&)>* before_ = nullptr;
  OutputPlacement* placement_ = nullptr;
};

/// Turns recording off for a scope: `NoGradient guard(tape);`
class NoGradient {
 public:
  explicit NoGradient(Tape& tape) : tape_(tape), before_(tape.recording()) { tape.set_recording(false); }
  ~NoGradient() { tape_.set_recording(before_); }
  NoGradient(const NoGradient&) = delete;
  NoGradient& operator=(const NoGradient&) = delete;

 private:
  Tape& tape_;
  bool before_;
};

}  // namespace recur
