#pragma once

#include <recur/framework/autodiff/parameter.h>
#include <recur/framework/tensor/type_id.h>

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace recur::optim {

/// An array that a link keeps for each parameter, of the parameter's shape and number type.
struct Slot {
  std::string name;
  double initial = 0;
  bool of_value = false;  ///< begins as a copy of the parameter instead
};

/// What all parameters that have had the same number of updates share during an update.
struct UpdateInfo {
  Index number = 1;          ///< from 1
  Index own = 1;             ///< the parameter's own updates, from 1; `number` but in the torch convention
  double learning_rate = 0;  ///< of this update, schedule and decay applied
};

/// Adjacent elements of one parameter. There are few enough to stay in the first-level cache, so a chain of links reads
/// and writes main memory once.
template <Scalar T>
struct ParameterBlock {
  std::span<T> gradient;      ///< at first d loss / d value; each link puts its own direction in its place
  std::span<const T> value;   ///< of the parameter before the update
  std::span<Array> slots;     ///< whole arrays, in the order of the link's `slots()`; see `slot`
  Index begin = 0;            ///< position of the first element in the parameter
  std::size_t parameter = 0;  ///< position in the list given to `prepare`
  /// Pending factor of `gradient`. A link that only scales changes this factor. A link that reads `gradient` multiplies
  /// by it and resets it to 1, as `transform` in elementwise.h does.
  double scale = 1;

  /// Returns the elements of slot `i` that belong to this block.
  [[nodiscard]] std::span<T> slot(std::size_t i) const {
    return slots[i].as<T>().values().subspan(static_cast<std::size_t>(begin), gradient.size());
  }
};

/// One stage of an optimizer. `update` replaces the gradient of a block by a direction. The result of the last link is
/// added to the parameter, so one link of a chain must turn the sign (`scale_by_learning_rate`). Optional members:
/// `std::vector<Slot> slots() const`, the arrays it keeps;
/// `void bind(std::span<const NamedParameter>)`, called when the list of parameters has changed;
/// `ParameterBlock::parameter` is the position in the list;
/// `void begin(const UpdateInfo&)`, called before each update, and once for each count of updates if parameters have
/// had different numbers of them;
/// `void prepare(std::span<Parameter* const>)`, called when all gradients have passed the links before, for a link that
/// needs whole gradients, such as a norm.
template <class L>
concept Link = std::copyable<L> && requires(const L& link, ParameterBlock<float>& f, ParameterBlock<double>& d) {
  link.update(f);
  link.update(d);
};

/// Holds a link of any class.
class AnyLink {
 public:
  template <class L>
    requires(!std::same_as<L, AnyLink> && Link<L>)
  // NOLINTNEXTLINE(google-explicit-constructor): a link is an AnyLink.
  AnyLink(L link) : self_(std::make_unique<Model<L>>(std::move(link))) {}
  AnyLink(const AnyLink& other) : self_(other.self_->clone()) {}
  AnyLink(AnyLink&&) noexcept = default;
  AnyLink& operator=(AnyLink other) noexcept {
    self_ = std::move(other.self_);
    return *this;
  }
  ~AnyLink() = default;

  [[nodiscard]] std::vector<Slot> slots() const { return self_->slots(); }
  void bind(std::span<const NamedParameter> all) { self_->bind(all); }
  void begin(const UpdateInfo& step) { self_->begin(step); }
  /// Returns true if `prepare` must be called.
  [[nodiscard]] bool needs_all() const { return self_->needs_all(); }
  void prepare(std::span<Parameter* const> all) { self_->prepare(all); }
  template <Scalar T>
  void update(ParameterBlock<T>& block) const {
    self_->update(block);
  }
  /// Returns the link inside if it is an `L`; null otherwise.
  template <Link L>
  [[nodiscard]] L* get_if() {
    const bool is_one = self_->type() == detail::TypeId::of<L>();
    return is_one ? &static_cast<Model<L>&>(*self_).link : nullptr;
  }
  template <Link L>
  [[nodiscard]] const L* get_if() const {
    return const_cast<AnyLink*>(this)->get_if<L>();
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual detail::TypeId type() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Interface> clone() const = 0;
    [[nodiscard]] virtual std::vector<Slot> slots() const = 0;
    virtual void bind(std::span<const NamedParameter> all) = 0;
    virtual void begin(const UpdateInfo& step) = 0;
    [[nodiscard]] virtual bool needs_all() const = 0;
    virtual void prepare(std::span<Parameter* const> all) = 0;
    virtual void update(ParameterBlock<float>& block) const = 0;
    virtual void update(ParameterBlock<double>& block) const = 0;
  };

  template <Link L>
  struct Model final : Interface {
    explicit Model(L l) : link(std::move(l)) {}
    [[nodiscard]] detail::TypeId type() const override { return detail::TypeId::of<L>(); }
    [[nodiscard]] std::unique_ptr<Interface> clone() const override { return std::make_unique<Model>(link); }
    [[nodiscard]] std::vector<Slot> slots() const override {
      if constexpr (requires { link.slots(); }) return link.slots();
      else return {};
    }
    void bind([[maybe_unused]] std::span<const NamedParameter> all) override {
      if constexpr (requires { link.bind(all); }) link.bind(all);
    }
    void begin([[maybe_unused]] const UpdateInfo& step) override {
      if constexpr (requires { link.begin(step); }) link.begin(step);
    }
    static constexpr bool prepares = requires(L & l, std::span<Parameter* const> all) { l.prepare(all); };
    [[nodiscard]] bool needs_all() const override { return prepares; }
    void prepare([[maybe_unused]] std::span<Parameter* const> all) override {
      if constexpr (prepares) link.prepare(all);
    }
    void update(ParameterBlock<float>& block) const override { link.update(block); }
    void update(ParameterBlock<double>& block) const override { link.update(block); }
    L link;
  };

  std::unique_ptr<Interface> self_;
};

}  // namespace recur::optim
