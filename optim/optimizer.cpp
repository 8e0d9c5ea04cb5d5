#include <recur/framework/threads/parallel.h>
#include <recur/optim/elementwise.h>
#include <recur/optim/optimizer.h>

#include <algorithm>
#include <limits>
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
  Index updates = 0;
};

/// A parameter that is updated.
struct Optimizer::Target {
  Array* value;
  Array* gradient;
  State* state;
  Index number = 0;  // of the present update; 0: none
};

/// Adjacent elements of a target.
struct Optimizer::Piece {
  std::size_t target;
  Index begin, count;
};

Optimizer::Optimizer(std::vector<AnyLink> links, AnyOptions options, bool counts_by_parameter)
    : links_(std::move(links)),
      options_(std::move(options)),
      counts_by_parameter_(counts_by_parameter || options_.in_torch_convention()) {
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
  require<ValueError>(!parameters.empty(), "Optimizer::step: the list of parameters is empty; make it after build()");
  if (!planned(parameters)) plan(parameters);
  if (++accumulated_ < accumulate_) return;
  accumulated_ = 0;
  update();
}

void Optimizer::discard_gradients(std::span<const NamedParameter> parameters) {
  for (const NamedParameter& p : parameters) p.parameter->zero_gradient();
  accumulated_ = 0;
}

// The parameters to update, and the number of the update for each.
void Optimizer::group_targets() {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    Target& target = targets_[i];
    target.number = 0;
    if (!updated_[i]->has_gradient()) continue;
    target.number = (counts_by_parameter_ ? target.state->updates : iterations_) + 1;
    target.value = &updated_[i]->edit();
  }
  groups_.clear();
  active_.clear();
  Index last = 0;
  for (;;) {  // once for each number, in rising order
    Index number = std::numeric_limits<Index>::max();
    for (const Target& target : targets_)
      if (target.number > last) number = std::min(number, target.number);
    if (number == std::numeric_limits<Index>::max()) return;
    const std::size_t begin = active_.size();
    for (std::size_t i = 0; i < pieces_.size(); ++i)
      if (targets_[pieces_[i].target].number == number) active_.push_back(i);
    groups_.push_back({number, begin, active_.size()});
    last = number;
  }
}

void Optimizer::update() {
  group_targets();
  UpdateInfo step{.number = iterations_ + 1, .own = groups_.empty() ? iterations_ + 1 : groups_[0].number};
  for (const AnyLink& link : links_)
    if (const auto* rate = link.get_if<ScaleByLearningRate>()) step.learning_rate = rate->at(iterations_);
  for (AnyLink& link : links_) link.begin(step);

  std::size_t done = 0;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (!links_[i].needs_all()) continue;
    if (done < i) run(done, i, step);
    links_[i].prepare(updated_);
    done = i;
  }
  run(done, links_.size(), step);

  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (targets_[i].number == 0) continue;
    ++targets_[i].state->updates;
    if (updated_[i]->constraint) updated_[i]->constraint(*targets_[i].value);
  }
  ++iterations_;
}

void Optimizer::run(std::size_t first, std::size_t last, UpdateInfo step) {
  for (const Group& group : groups_) {
    if (groups_.size() > 1) {
      step.own = group.number;
      for (std::size_t i = first; i < last; ++i) links_[i].begin(step);
    }
    run_group(group, first, last);
  }
}

void Optimizer::run_group(const Group& group, std::size_t first, std::size_t last) {
  const Index work = work_per_element * piece_bytes / static_cast<Index>(sizeof(float));
  parallel_for(static_cast<Index>(group.end - group.begin), work, [&](Index i) {
    const Piece& piece = pieces_[active_[group.begin + static_cast<std::size_t>(i)]];
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
  ParameterBlock<T> block{
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
      return -decltype(change){};  // -0, as Parameter::zero_gradient
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
    require<StateError>(parameter->created() && parameter->value().data() != nullptr,
                        "Optimizer::step: {} is empty: its layer was moved after the list was made; make the list anew",
                        path);
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
    if (counts_by_parameter_)
      visit_count(state->path + "/updates", state->updates, std::numeric_limits<Index>::max(), visit);
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
  visit_count("accumulated_steps", accumulated_, accumulate_, visit);
}

// A count as an array, so that it is kept with the slots.
void Optimizer::visit_count(const std::string& path, Index& count, Index limit,
                            const std::function<void(const std::string& name, Array& slot)>& visit) {
  Array number(Shape{1}, DType::float64);
  number.fill(static_cast<double>(count));
  visit(path, number);
  const double found = number.size() == 1 ? number.to_doubles()[0] : -1;
  require<ValueError>(found >= 0 && found < static_cast<double>(limit),
                      "Optimizer::for_each_slot: {} is {}, must be from 0 to {}", path, found, limit - 1);
  count = static_cast<Index>(found);
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

double Optimizer::next_rate() const { return rate_link("next_rate").at(iterations_); }

const Schedule& Optimizer::schedule() const { return rate_link("schedule").schedule(); }

void Optimizer::set_learning_rate(Schedule learning_rate) {
  const_cast<ScaleByLearningRate&>(rate_link("set_learning_rate")).set_schedule(std::move(learning_rate));
}

}  // namespace recur::optim
