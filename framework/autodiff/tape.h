#pragma once

#include <recur/framework/autodiff/tape_core.h>
#include <recur/framework/tensor/random.h>

namespace recur {

/// Which rows of a batch a tape works on: row i of its values is row `first` + i·`step` of `total`. Random numbers are
/// drawn by row of the batch, so that they do not depend on how the batch is divided.
struct BatchRows {
  Index first = 0;
  Index step = 1;
  Index total = 0;  ///< 0: as many as are drawn for.
};

/// Records operations in execution order and runs them backwards. All values, gradients and closures live in arenas
/// that are reused: a training step that repeats the one before allocates nothing.
///
/// One tape serves one thread; any number of tapes may run at once. All values of a tape have its number type. Members
/// for authors of operations are in the base class (tape_core.h).
class Tape : public detail::TapeCore {
 public:
  explicit Tape(DType dtype = DType::float32, std::uint64_t seed = 0) : TapeCore(*this, dtype), generator_(seed) {}

  /// Makes a value without gradient: the data is copied and converted to the tape's number type.
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
  /// Makes a value of the tensor's own memory, without a copy: the numbers must stay there, unchanged, until the tape
  /// is reset. Throws StateError if the tape has another number type.
  template <Scalar T>
  [[nodiscard]] Var borrow(const Tensor<T>& tensor) {
    return borrow(tensor.shape(), dtype_of<T>, tensor.data());
  }
  /// Makes a value whose gradient is wanted: after `backward` read it with `Var::gradient`.
  template <class Data>
  [[nodiscard]] Var input(const Data& data) {
    return want_gradient(constant(data));
  }
  /// Returns the parameter as a value on this tape; its gradient is added to `parameter.gradient`.
  /// Throws StateError if the parameter was not created or has another number type.
  [[nodiscard]] Var leaf(Parameter& parameter) { return leaf_of(parameter); }
  /// On a tape of duals: returns the parameter with the direction in which derivatives are taken, before anything else
  /// uses it. Its gradient is that of the Var. Throws StateError on another tape or if the parameter is on it already.
  [[nodiscard]] Var leaf(Parameter& parameter, const Array& tangent);
  /// Returns x cut off from what computed it: gradients stop here, and so do tangents.
  [[nodiscard]] Var detach(Var x);

  /// Adds d `loss` / d p to the gradient of every parameter and input that `loss` depends on.
  /// Throws ShapeError unless `loss` is a single number; StateError if nothing it depends on wants a gradient.
  void backward(Var loss);
  /// Runs backwards from `y` of any shape, with `seed` in the place of d loss / d y.
  void backward(Var y, const Array& seed);
  /// Runs `backward(loss)` and calls `before` with each operation before its gradients are passed on, for diagnosis.
  void backward(Var loss, const std::function<void(const detail::Record&)>& before);
  /// Runs backwards from gradients that were put into values before (`Var::add_gradient`), of several outputs at once.
  void propagate();
  /// Forgets all values and operations and keeps the memory for the next pass. Vars from before must not be used again.
  void reset();

  /// While this is false nothing is recorded (inference).
  void set_recording(bool on) { recording_ = on; }
  /// Whether layers that behave differently in training (dropout, zoneout) do so. Off while not recording.
  [[nodiscard]] bool training() const { return training_ && (recording() || will_recompute()); }
  void set_training(bool on) { training_ = on; }
  /// While on, parameters that come onto the tape want no gradient, trainable or not.
  void freeze_parameters(bool on) { frozen_ = on; }
  [[nodiscard]] bool freezes_parameters() const { return frozen_; }
  /// Draws dropout masks.
  [[nodiscard]] Generator& generator() { return generator_; }
  /// Draws one number in [0, 1) for each element of a `[rows, values.size() / rows]` value; see BatchRows.
  void draw_uniform(std::span<float> values, Index rows);
  void draw_uniform(std::span<double> values, Index rows);
  [[nodiscard]] const BatchRows& batch_rows() const { return batch_rows_; }
  void set_batch_rows(const BatchRows& rows) { batch_rows_ = rows; }
  /// Takes over the modes of `other`: recording, training, freezing, mechanisms.
  void copy_modes(Tape& other);

  /// Bytes held for values, gradients and closures.
  [[nodiscard]] std::size_t memory() const;
  /// Number of recorded operations.
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  [[nodiscard]] Var borrow(Shape shape, DType dtype, const void* values);
  template <class From>
  [[nodiscard]] Var copied(Shape shape, std::span<const From> values);

  template <class T>
  void draw_by_row(std::span<T> values, Index rows);

  bool training_ = true;
  Generator generator_;
  BatchRows batch_rows_;
};

/// Sets the rows of the batch that a tape works on, for a scope.
class RowsOfBatch {
 public:
  RowsOfBatch(Tape& tape, const BatchRows& rows) : tape_(tape), before_(tape.batch_rows()) {
    tape.set_batch_rows(rows);
  }
  ~RowsOfBatch() { tape_.set_batch_rows(before_); }
  RowsOfBatch(const RowsOfBatch&) = delete;
  RowsOfBatch& operator=(const RowsOfBatch&) = delete;

 private:
  Tape& tape_;
  BatchRows before_;
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
