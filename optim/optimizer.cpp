#include <recur/framework/threads/parallel.h>
#include <recur/optim/elementwise.h>
#include <recur/optim/optimizer.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace recur::optim {
namespace {

/// Bytes of one parameter in a piece: few enough to stay in or near the first-level cache, with gradient and slots.
constexpr Index piece_bytes = 8192;

/// Arithmetic operations for an element, roots and divisions counted by their time: decides when threads pay.
constexpr Index work_per_element = 40;

}  // namespace

/// What links keep for a path.
struct Optimizer::State {
  std::string path;
  Shape shape;
  DType dtype;
  std::vector<Array> slots;
};

/// A parameter that is updated.
struct Optimizer::Target {
  Array* value;
  Array* gradient;
  State* state;
};

/// Adjacent elements of a target.
struct Optimizer::Piece {
  std::size_t target;
  Index begin, count;
};

Optimizer::Optimizer(std::vector<AnyLink> links, AnyOptions options)
    : links_(std::move(links)), options_(std::move(options)) {
  std::set<std::string> names;
  for (const AnyLink& link : links_) {
    first_slot_.push_back(slots_.size());
    for (Slot slot : link.slots()) {
      const std::string name = slot.name;
      for (int copy = 2; !names.insert(slot.name).second; ++copy) slot.name = fmt::format("{}_{}", name, copy);
      slots_.push_back(std::move(slot));
    }
  }
  first_slot_.push_back(slots_.size());
  check_links();
}

void Optimizer::check_links() {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const auto* accumulate = links_[i].get_if<AccumulateGradients>();
    require<ValueError>(!accumulate || i == 0, "Optimizer: accumulate_gradients is link {}, it must be the first",
                        i + 1);
    if (accumulate) accumulate_ = accumulate->steps();
    require<ValueError>(!links_[i].get_if<AverageWeights>() || i + 1 == links_.size(),
                        "Optimizer: average_weights is link {} of {}, it must be the last", i + 1, links_.size());
  }
  const auto rates = std::count_if(links_.begin(), links_.end(),
                                   [](const AnyLink& link) { return link.get_if<ScaleByLearningRate>() != nullptr; });
  require<ValueError>(rates <= 1, "Optimizer: {} links scale by the learning rate, one may; use scale() for the others",
                      rates);
}

Optimizer::Optimizer(Optimizer&&) noexcept = default;
Optimizer& Optimizer::operator=(Optimizer&&) noexcept = default;
Optimizer::~Optimizer() = default;

void Optimizer::step(std::span<const NamedParameter> parameters) {
  require<StateError>(!swapped_, "Optimizer::step: the parameters hold their averages; swap them back first");
  if (!planned(parameters)) plan(parameters);
  if (++accumulated_ < accumulate_) return;
  accumulated_ = 0;
  update();
}

void Optimizer::update() {
  Step step{.number = iterations_ + 1};
  for (const AnyLink& link : links_)
    if (const auto* rate = link.get_if<ScaleByLearningRate>()) step.learning_rate = rate->at(iterations_);
  for (AnyLink& link : links_) link.begin(step);
  for (std::size_t i = 0; i < targets_.size(); ++i) targets_[i].value = &updated_[i]->edit();

  std::size_t done = 0;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (!links_[i].needs_all()) continue;
    if (done < i) run(done, i);
    links_[i].prepare(updated_);
    done = i;
  }
  run(done, links_.size());

  for (std::size_t i = 0; i < targets_.size(); ++i)
    if (updated_[i]->constraint) updated_[i]->constraint(*targets_[i].value);
  ++iterations_;
}

void Optimizer::run(std::size_t first, std::size_t last) {
  if (pieces_.empty()) return;
  const auto count = static_cast<Index>(pieces_.size());
  const Index work = work_per_element * piece_bytes / static_cast<Index>(sizeof(float));
  parallel_for(count, work, [&](Index i) {
    const Piece& piece = pieces_[static_cast<std::size_t>(i)];
    dispatch_real(targets_[piece.target].value->dtype(), [&]<class T>() { run_piece<T>(piece, first, last); });
  });
}

template <Scalar T>
void Optimizer::run_piece(const Piece& piece, std::size_t first, std::size_t last) {
  const Target& target = targets_[piece.target];
  const auto part = [&](Array& array) {
    return array.as<T>().values().subspan(static_cast<std::size_t>(piece.begin), static_cast<std::size_t>(piece.count));
  };
  const std::span<T> value = part(*target.value);
  Block<T> block{
      .gradient = part(*target.gradient), .value = value, .slots = {}, .begin = piece.begin, .parameter = piece.target};
  for (std::size_t i = first; i < last; ++i) {
    block.slots = std::span(target.state->slots).subspan(first_slot_[i], first_slot_[i + 1] - first_slot_[i]);
    links_[i].update(block);
  }
  if (last < links_.size()) {
    if (block.scale != 1) transform(block, [](auto g) { return g; });
  } else {
    const auto add_and_clear = [](auto change, auto& w) {
      w += change;
      return decltype(change){};
    };
    transform(block, add_and_clear, value);
  }
}

bool Optimizer::planned(std::span<const NamedParameter> parameters) const {
  if (parameters.size() != listed_.size()) return false;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& [path, parameter] = parameters[i];
    if (parameter != listed_[i].parameter || path != listed_[i].path) return false;
    if (parameter->trainable != was_trainable_[i]) return false;
  }
  // The pointers are those of live parameters, but these may have been created again.
  return std::equal(targets_.begin(), targets_.end(), updated_.begin(), [](const Target& target, const Parameter* p) {
    return target.state->shape == p->shape() && target.state->dtype == p->dtype();
  });
}

void Optimizer::plan(std::span<const NamedParameter> parameters) {
  listed_.clear();  // in case of an exception
  targets_.clear();
  updated_.clear();
  pieces_.clear();
  was_trainable_.clear();
  std::set<const Parameter*> seen;
  std::map<std::string_view, const Parameter*> paths;
  for (const auto& [path, parameter] : parameters) {
    const auto [at, fresh] = paths.try_emplace(path, parameter);
    require<ValueError>(fresh || at->second == parameter,
                        "Optimizer::step: two parameters are called {}; give layers of one kind different names", path);
    was_trainable_.push_back(parameter->trainable);
    if (!parameter->trainable || !seen.insert(parameter).second) continue;
    require(parameter->gradient.shape() == parameter->shape() && parameter->gradient.dtype() == parameter->dtype(),
            "Optimizer::step: {}: value {} {}, gradient {} {}", path, name(parameter->dtype()), parameter->shape(),
            name(parameter->gradient.dtype()), parameter->gradient.shape());
    State& state = state_of({path, parameter});
    const auto length = piece_bytes / static_cast<Index>(size_of(state.dtype));
    for (Index begin = 0; begin < parameter->size(); begin += length)
      pieces_.push_back({targets_.size(), begin, std::min(length, parameter->size() - begin)});
    targets_.push_back({nullptr, &parameter->gradient, &state});
    updated_.push_back(parameter);
  }
  std::vector<NamedParameter> updated;
  for (std::size_t i = 0; i < targets_.size(); ++i) updated.push_back({targets_[i].state->path, updated_[i]});
  for (AnyLink& link : links_) link.bind(updated);
  listed_.assign(parameters.begin(), parameters.end());
}

Optimizer::State& Optimizer::state_of(const NamedParameter& named) {
  const Parameter& parameter = *named.parameter;
  const auto found = std::find_if(states_.begin(), states_.end(), [&](auto& s) { return s->path == named.path; });
  if (found != states_.end()) {
    const State& s = **found;
    require(s.shape == parameter.shape() && s.dtype == parameter.dtype(),
            "Optimizer::step: {} is {} {}, was {} {} in an earlier step; use a new optimizer for a new model",
            named.path, name(parameter.dtype()), parameter.shape(), name(s.dtype), s.shape);
    return **found;
  }
  State state{named.path, parameter.shape(), parameter.dtype(), {}};
  for (const Slot& slot : slots_) {
    if (slot.of_value) {
      state.slots.push_back(parameter.value().clone());
      continue;
    }
    state.slots.emplace_back(parameter.shape(), parameter.dtype());
    if (slot.initial != 0) state.slots.back().fill(slot.initial);
  }
  states_.push_back(std::make_unique<State>(std::move(state)));
  return *states_.back();
}

void Optimizer::create_slots(std::span<const NamedParameter> parameters) {
  if (!planned(parameters)) plan(parameters);
}

void Optimizer::for_each_slot(const std::function<void(const std::string& name, Array& slot)>& visit) {
  require<StateError>(!swapped_, "Optimizer::for_each_slot: the parameters hold their averages; swap them back first");
  for (const auto& state : states_) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Array& slot = state->slots[i];
      const std::string path = state->path + "/" + slots_[i].name;
      visit(path, slot);
      require(slot.shape() == state->shape && slot.dtype() == state->dtype,
              "Optimizer::for_each_slot: {} was {} {} and became {} {}", path, name(state->dtype), state->shape,
              name(slot.dtype()), slot.shape());
    }
  }
  if (accumulate_ > 1) visit_accumulated(visit);
}

void Optimizer::visit_accumulated(const std::function<void(const std::string& name, Array& slot)>& visit) {
  for (const Target& target : targets_) {
    Array& sum = *target.gradient;
    const std::string path = target.state->path + "/accumulated";
    visit(path, sum);
    require(sum.shape() == target.state->shape && sum.dtype() == target.state->dtype,
            "Optimizer::for_each_slot: {} has become {} {}", path, name(sum.dtype()), sum.shape());
  }
  Array count(Shape{1}, DType::float64);
  count.fill(static_cast<double>(accumulated_));
  visit("accumulated_steps", count);
  const double steps = count.size() == 1 ? count.to_doubles()[0] : -1;
  require<ValueError>(steps >= 0 && steps < static_cast<double>(accumulate_),
                      "Optimizer::for_each_slot: accumulated_steps {}, must be from 0 to {}", steps, accumulate_ - 1);
  accumulated_ = static_cast<Index>(steps);
}

void Optimizer::swap_averages(std::span<const NamedParameter> parameters) {
  require<StateError>(has_averages(),
                      "Optimizer::swap_averages: no averages are kept; end the chain with average_weights, or "
                      "give ema_momentum");
  if (!planned(parameters)) plan(parameters);
  for (std::size_t i = 0; i < targets_.size(); ++i) std::swap(updated_[i]->edit(), targets_[i].state->slots.back());
  swapped_ = !swapped_;
}

void Optimizer::set_iterations(Index count) {
  require<ValueError>(count >= 0, "Optimizer::set_iterations: {} updates, must not be negative", count);
  iterations_ = count;
}

const ScaleByLearningRate& Optimizer::rate_link(const char* function) const {
  for (const AnyLink& link : links_)
    if (const auto* rate = link.get_if<ScaleByLearningRate>()) return *rate;
  fail<StateError>("Optimizer::{}: no scale_by_learning_rate among the links of this chain", function);
}

bool Optimizer::has_learning_rate() const {
  return std::any_of(links_.begin(), links_.end(),
                     [](const AnyLink& link) { return link.get_if<ScaleByLearningRate>() != nullptr; });
}

double Optimizer::learning_rate() const { return rate_link("learning_rate").schedule()(iterations_); }

const Schedule& Optimizer::schedule() const { return rate_link("schedule").schedule(); }

void Optimizer::set_learning_rate(Schedule learning_rate) {
  const_cast<ScaleByLearningRate&>(rate_link("set_learning_rate")).set_schedule(std::move(learning_rate));
}

}  // namespace recur::optim
