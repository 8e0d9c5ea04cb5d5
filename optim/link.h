#pragma once

#include <recur/framework/autodiff/parameter.h>

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace recur::optim {

/// An array of numbers a link keeps for every parameter, of the parameter's shape and number type.
struct Slot {
  std::string name;
  double initial = 0;
  bool of_value = false;  ///< begins as a copy of the parameter instead
};

/// What is the same for all parameters during one update, or for those that have been updated equally often.
struct Step {
  Index number = 1;          ///< from 1
  Index own = 1;             ///< the parameter's own updates, from 1; `number` but in the torch convention
  double learning_rate = 0;  ///< of this update, schedule and decay applied
};

/// Some adjacent elements of one parameter on their way through the links. They are few enough to stay in the
/// first-level cache, so that a chain of links reads and writes main memory once, like one loop written by hand.
template <Scalar T>
struct Block {
  std::span<T> gradient;      ///< at first d loss / d value; each link puts its own direction in its place
  std::span<const T> value;   ///< of the parameter before the update
  std::span<Array> slots;     ///< whole arrays, in the order of the link's `slots()`; see `slot`
  Index begin = 0;            ///< position of the first element in the parameter
  std::size_t parameter = 0;  ///< position in the list given to `prepare`
  /// What `gradient` is still to be multiplied by. A link that only scales changes this and leaves `gradient` alone;
  /// one that reads `gradient` multiplies as it reads (`transform` in elementwise.h does so) and resets it to 1.
  double scale = 1;

  [[nodiscard]] std::span<T> slot(std::size_t i) const {
    return slots[i].as<T>().values().subspan(static_cast<std::size_t>(begin), gradient.size());
  }
};

/// One stage of an optimizer: turns a gradient, in place, into something nearer to the change of the parameter. The
/// change is added to the parameter, so that somewhere in a chain the sign is turned. Optional members:
/// `std::vector<Slot> slots() const`;
/// `void bind(std::span<const NamedParameter>)`, called when the list of parameters to update has changed, to see their
/// paths; `Block::parameter` is the position in it;
/// `void begin(const Step&)`, called before each update, to compute what all elements share; several times where parameters have been
/// updated unequally often;
/// `void prepare(std::span<Parameter* const>)`, called when all gradients have come as far as this link, for one that
/// needs to see more than an element (a norm).
template <class L>
concept Link = std::copyable<L> && requires(const L& link, Block<float>& f, Block<double>& d) {
  link.update(f);
  link.update(d);
};

/// Any link, as a value.
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
  void begin(const Step& step) { self_->begin(step); }
  /// Whether `prepare` has to be called.
  [[nodiscard]] bool needs_all() const { return self_->needs_all(); }
  void prepare(std::span<Parameter* const> all) { self_->prepare(all); }
  template <Scalar T>
  void update(Block<T>& block) const {
    self_->update(block);
  }
  /// The link inside if it is an `L`, else null.
  template <Link L>
  [[nodiscard]] L* get_if() {
    auto* model = dynamic_cast<Model<L>*>(self_.get());
    return model ? &model->link : nullptr;
  }
  template <Link L>
  [[nodiscard]] const L* get_if() const {
    return const_cast<AnyLink*>(this)->get_if<L>();
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual std::unique_ptr<Interface> clone() const = 0;
    [[nodiscard]] virtual std::vector<Slot> slots() const = 0;
    virtual void bind(std::span<const NamedParameter> all) = 0;
    virtual void begin(const Step& step) = 0;
    [[nodiscard]] virtual bool needs_all() const = 0;
    virtual void prepare(std::span<Parameter* const> all) = 0;
    virtual void update(Block<float>& block) const = 0;
    virtual void update(Block<double>& block) const = 0;
  };

  template <Link L>
  struct Model final : Interface {
    explicit Model(L l) : link(std::move(l)) {}
    [[nodiscard]] std::unique_ptr<Interface> clone() const override { return std::make_unique<Model>(link); }
    [[nodiscard]] std::vector<Slot> slots() const override {
      if constexpr (requires { link.slots(); }) return link.slots();
      else return {};
    }
    void bind([[maybe_unused]] std::span<const NamedParameter> all) override {
      if constexpr (requires { link.bind(all); }) link.bind(all);
    }
    void begin([[maybe_unused]] const Step& step) override {
      if constexpr (requires { link.begin(step); }) link.begin(step);
    }
    static constexpr bool prepares = requires(L & l, std::span<Parameter* const> all) { l.prepare(all); };
    [[nodiscard]] bool needs_all() const override { return prepares; }
    void prepare([[maybe_unused]] std::span<Parameter* const> all) override {
      if constexpr (prepares) link.prepare(all);
    }
    void update(Block<float>& block) const override { link.update(block); }
    void update(Block<double>& block) const override { link.update(block); }
    L link;
  };

  std::unique_ptr<Interface> self_;
};

}  // namespace recur::optim
