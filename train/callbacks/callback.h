#pragma once

#include <recur/framework/tensor/type_id.h>
#include <recur/train/loop/checkpoint.h>
#include <recur/train/loop/training.h>

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

namespace recur {

namespace detail {

// clang-format off
template <class C> concept HasTrainBegin = requires(C& c, Training& t) { c.on_train_begin(t); };
template <class C> concept HasEpochBegin = requires(C& c, Training& t) { c.on_epoch_begin(t); };
template <class C> concept HasStepEnd = requires(C& c, Training& t) { c.on_step_end(t); };
template <class C> concept HasEpochEnd = requires(C& c, Training& t) { c.on_epoch_end(t); };
template <class C> concept HasEpochSaved = requires(C& c, Training& t) { c.on_epoch_saved(t); };
template <class C> concept HasTrainEnd = requires(C& c, Training& t) { c.on_train_end(t); };
template <class C> concept HasState =
    requires(C& c, const C& there, TrainingState& to, const TrainingState& from) { there.save(to); c.load(from); };
// A member of a hook's name that cannot be called as one: it would be passed over in silence.
template <class C> concept HasOtherHook =
    (requires { &C::on_train_begin; } && !HasTrainBegin<C>) ||
    (requires { &C::on_epoch_begin; } && !HasEpochBegin<C>) ||
    (requires { &C::on_step_end; } && !HasStepEnd<C>) || (requires { &C::on_epoch_end; } && !HasEpochEnd<C>) ||
    (requires { &C::on_epoch_saved; } && !HasEpochSaved<C>) || (requires { &C::on_train_end; } && !HasTrainEnd<C>) ||
    ((requires { &C::save; } || requires { &C::load; }) && !HasState<C>);
// clang-format on

}  // namespace detail

/// A callback takes part in a training. It is a class with one or more of these hooks:
///
///   on_train_begin(Training&)
///   on_epoch_begin(Training&)
///   on_step_end(Training&)
///   on_epoch_end(Training&)     after validation
///   on_epoch_saved(Training&)   after the checkpoint of the epoch, if there are checkpoints
///   on_train_end(Training&)     also after an interrupt, but not after an exception
///
/// A hook returns nothing or a bool; true ends the training after the present step or epoch. A callback with a state
/// also has `void save(TrainingState&) const` and `void load(const TrainingState&)`, so that checkpoints hold it. When
/// a training is resumed, `load` is called after `on_train_begin` and, within an epoch, after `on_epoch_begin`.
///
/// Where several ranks train together, hooks are called on all of them, with the same numbers; those of a class with
/// `static constexpr bool leader_only = true;`, which writes or prints, on rank 0 alone.
template <class C>
concept Callback = std::movable<C> && !detail::HasOtherHook<C> &&
                   (detail::HasTrainBegin<C> || detail::HasEpochBegin<C> || detail::HasStepEnd<C> ||
                    detail::HasEpochEnd<C> || detail::HasEpochSaved<C> || detail::HasTrainEnd<C>);

namespace detail {

/// Interface of a callback of any class.
class AnyCallback {
 public:
  AnyCallback() = default;
  AnyCallback(const AnyCallback&) = delete;
  AnyCallback& operator=(const AnyCallback&) = delete;
  virtual ~AnyCallback() = default;

  // Each returns whether training is to end.
  virtual bool train_begin(Training& training) = 0;
  virtual bool epoch_begin(Training& training) = 0;
  virtual bool step_end(Training& training) = 0;
  virtual bool epoch_end(Training& training) = 0;
  virtual bool epoch_saved(Training& training) = 0;
  virtual bool train_end(Training& training) = 0;
  [[nodiscard]] virtual bool has_state() const = 0;
  /// Whether only rank 0 calls it.
  [[nodiscard]] virtual bool leader_only() const = 0;
  /// Whether `step_end` may return true.
  [[nodiscard]] virtual bool ends_steps() const = 0;
  [[nodiscard]] virtual std::string name() const = 0;
  virtual void save(TrainingState& state) const = 0;
  virtual void load(const TrainingState& state) = 0;
};

/// Returns the name of a type without namespaces.
[[nodiscard]] std::string class_name(const std::string& type);

template <class Hook>
[[nodiscard]] bool wants_end(Hook hook) {
  if constexpr (std::is_void_v<decltype(hook())>) return hook(), false;
  else return hook();
}

template <Callback C>
class CallbackModel final : public AnyCallback {
 public:
  explicit CallbackModel(C callback) : callback_(std::move(callback)) {}
  [[nodiscard]] C& callback() { return callback_; }

  bool train_begin([[maybe_unused]] Training& t) override {
    if constexpr (HasTrainBegin<C>) return wants_end([&] { return callback_.on_train_begin(t); });
    else return false;
  }
  bool epoch_begin([[maybe_unused]] Training& t) override {
    if constexpr (HasEpochBegin<C>) return wants_end([&] { return callback_.on_epoch_begin(t); });
    else return false;
  }
  bool step_end([[maybe_unused]] Training& t) override {
    if constexpr (HasStepEnd<C>) return wants_end([&] { return callback_.on_step_end(t); });
    else return false;
  }
  bool epoch_end([[maybe_unused]] Training& t) override {
    if constexpr (HasEpochEnd<C>) return wants_end([&] { return callback_.on_epoch_end(t); });
    else return false;
  }
  bool epoch_saved([[maybe_unused]] Training& t) override {
    if constexpr (HasEpochSaved<C>) return wants_end([&] { return callback_.on_epoch_saved(t); });
    else return false;
  }
  bool train_end([[maybe_unused]] Training& t) override {
    if constexpr (HasTrainEnd<C>) return wants_end([&] { return callback_.on_train_end(t); });
    else return false;
  }
  [[nodiscard]] bool has_state() const override { return HasState<C>; }
  [[nodiscard]] bool leader_only() const override {
    if constexpr (requires { C::leader_only; }) return C::leader_only;
    else return false;
  }
  [[nodiscard]] bool ends_steps() const override {
    if constexpr (HasStepEnd<C>)
      return !std::is_void_v<decltype(std::declval<C&>().on_step_end(std::declval<Training&>()))>;
    else return false;
  }
  [[nodiscard]] std::string name() const override { return class_name(type_name(type_text<C>())); }
  void save([[maybe_unused]] TrainingState& state) const override {
    if constexpr (HasState<C>) callback_.save(state);
  }
  void load([[maybe_unused]] const TrainingState& state) override {
    if constexpr (HasState<C>) callback_.load(state);
  }

 private:
  C callback_;
};

}  // namespace detail
}  // namespace recur
