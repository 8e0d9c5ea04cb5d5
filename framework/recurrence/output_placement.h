#pragma once

#include <recur/framework/autodiff/tape.h>

#include <span>

namespace recur {

/// Lets the results of a computation that is repeated, step after step, lie one after the other as parts of one value, so that
/// they need not be copied there, nor their gradients back. The operations of a step know nothing of it: which of the values
/// they make is the result is learnt in one step, and from then on that one is given its place.
///
/// In effect while it exists; they may be nested.
class OutputPlacement {
 public:
  explicit OutputPlacement(Tape& tape);
  ~OutputPlacement();
  OutputPlacement(const OutputPlacement&) = delete;
  OutputPlacement& operator=(const OutputPlacement&) = delete;

  /// Begins a step to learn from.
  void learn();
  /// Ends it. False if `result` is not a value that an operation of the step made (but an operand, or a part of a value).
  [[nodiscard]] bool learnt(Var result);
  /// Begins a step whose result is to be `place`, a view: of the same shape, or nothing is put there.
  void begin(Var place);
  /// Ends it.
  void end() { place_ = Var(); }

  /// For a value that is made now and then, and not by every step: it is neither placed nor counted.
  class Aside {
   public:
    explicit Aside(Tape& tape);
    ~Aside();
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

   private:
    Tape& tape_;
    OutputPlacement* placement_;
  };

 private:
  friend class Tape;
  static constexpr Index unknown = -1;
  static constexpr Index most_outputs = 64;

  /// For the tape: the place for the value it makes now, or undefined.
  [[nodiscard]] Var place(const Shape& shape, bool wanted);
  /// For the tape: the value it has made.
  void made(detail::Node* node);

  Tape& tape_;
  OutputPlacement* outer_;
  std::span<detail::Node*> seen_;  // in the step to learn from
  bool learning_ = false;
  Index made_ = 0;
  Index result_ = unknown;
  Var place_;
};

}  // namespace recur
