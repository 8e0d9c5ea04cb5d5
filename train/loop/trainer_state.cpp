#include <recur/framework/threads/parallel.h>
#include <recur/io/warning.h>
#include <recur/train/loop/run_identity.h>
#include <recur/train/loop/trainer.h>

#include <recur/layers/recurrent/carried_state.h>
#include <recur/layers/recurrent/rnn.h>

#include <fmt/format.h>

#include <algorithm>

namespace recur {
namespace {

// Names in a checkpoint. Names that the program adds have a prefix of their own, so they cannot collide with these.
constexpr const char* parameter_prefix = "parameter/";
constexpr const char* optimizer_prefix = "optimizer/";
constexpr const char* program_prefix = "program/";
constexpr const char* identity_prefix = "identity/";
constexpr const char* circumstance_prefix = "circumstance/";
constexpr const char* trainable_prefix = "trainable/";
constexpr const char* states_prefix = "states/";
constexpr const char* carried_prefix = "carried";
std::string callback_prefix(Index place) { return fmt::format("callback/{}/", place); }

// Returns the entries of a map whose names begin with `prefix`, with the prefix removed.
template <class Map, class Add>
void each_below(const Map& map, const std::string& prefix, Add add) {
  for (const auto& [name, value] : map)
    if (name.starts_with(prefix)) add(name.substr(prefix.size()), value);
}

void put_below(TrainingState& state, const std::string& prefix, TrainingState part) {
  for (auto& [name, array] : part.arrays) state.arrays[prefix + name] = std::move(array);
  for (auto& [name, text] : part.texts) state.texts[prefix + name] = std::move(text);
  for (const std::string& name : part.by_row) state.by_row.insert(prefix + name);
}

TrainingState part_below(const TrainingState& state, const std::string& prefix) {
  TrainingState part;
  each_below(state.arrays, prefix,
             [&](const std::string& name, const Array& array) { part.arrays[name] = array.clone(); });
  each_below(state.texts, prefix, [&](const std::string& name, const std::string& text) { part.texts[name] = text; });
  return part;
}

void require_fit(const TrainingState& state, const std::string& name, const Array& array) {
  const auto at = state.arrays.find(name);
  require<FormatError>(at != state.arrays.end(), "Trainer::fit: the checkpoint has no {}: it is of another model",
                       name);
  require<FormatError>(at->second.shape() == array.shape() && at->second.dtype() == array.dtype(),
                       "Trainer::fit: {} is {} {} in the checkpoint, {} {} here", name, recur::name(at->second.dtype()),
                       at->second.shape(), recur::name(array.dtype()), array.shape());
}

// Restores which parameters are trainable when it is destroyed.
class TrainableFlags {
 public:
  explicit TrainableFlags(std::span<const NamedParameter> parameters) : parameters_(parameters) {
    for (const NamedParameter& p : parameters_) before_.push_back(p.parameter->trainable);
  }
  TrainableFlags(const TrainableFlags&) = delete;
  TrainableFlags& operator=(const TrainableFlags&) = delete;
  ~TrainableFlags() {
    for (std::size_t i = 0; i < before_.size(); ++i) parameters_[i].parameter->trainable = before_[i];
  }

 private:
  std::span<const NamedParameter> parameters_;
  std::vector<bool> before_;
};

bool was_trainable(const TrainingState& state, const NamedParameter& p) {
  const std::string name = trainable_prefix + p.path;
  return state.texts.contains(name) ? state.integer(name) != 0 : p.parameter->trainable;
}

bool has_slots(const TrainingState& state, const std::string& path) {
  const std::string prefix = optimizer_prefix + path + "/";
  const auto at = state.arrays.lower_bound(prefix);
  return at != state.arrays.end() && at->first.starts_with(prefix);
}

// Creates the slots of all parameters that had slots when the state was saved, also of parameters that are frozen now.
// The second call of the optimizer takes the list of parameters as it was then.
void create_slots(const TrainingState& state, std::span<const NamedParameter> parameters, optim::Optimizer& optimizer) {
  std::vector<bool> trainable;
  for (const NamedParameter& p : parameters) trainable.push_back(was_trainable(state, p));
  for (const auto& [path, parameter] : parameters) parameter->trainable = has_slots(state, path);
  optimizer.create_slots(parameters);
  for (std::size_t i = 0; i < trainable.size(); ++i) parameters[i].parameter->trainable = trainable[i];
  optimizer.create_slots(parameters);
}

// Returns the batch at which an equal share of the epoch is done as after `done` of `then` batches.
Index same_part(Index done, Index then, Index now) {
  const double part = static_cast<double>(done) / static_cast<double>(std::max<Index>(1, then));
  return std::clamp<Index>(static_cast<Index>(part * static_cast<double>(now)), 0, now - 1);
}

}  // namespace

std::string Trainer::callback_names() const {
  std::string names;
  for (const auto& callback : callbacks_)
    if (callback->has_state()) names += (names.empty() ? "" : ", ") + callback->name();
  return names;
}

void Trainer::save(const Training& t) {
  if (options_.checkpoint.directory.empty()) return;
  prepare_ranks_to_save();
  TrainingState own;
  if (save_state) save_state(own);
  TrainingState state;
  put_below(state, program_prefix, std::move(own));
  for (std::size_t i = 0; i < carrying_.size(); ++i)
    state.put_rows(fmt::format("{}{}", states_prefix, i), carrying_[i]->states());
  if (carried_ != nullptr) state.put_rows(carried_prefix, carried_->values());
  gather_states(state);
  if (leads()) write_checkpoint(t, std::move(state));
}

// @param state what all ranks have put together
void Trainer::write_checkpoint(const Training& t, TrainingState state) {
  Index place = 0;
  for (const auto& callback : callbacks_) {
    if (!callback->has_state()) continue;
    TrainingState part;
    callback->save(part);
    put_below(state, callback_prefix(place++), std::move(part));
  }
  for (const auto& [path, parameter] : parameters_) {
    state.arrays[parameter_prefix + path] = parameter->value().clone();
    state.put(trainable_prefix + path, Index{parameter->trainable});
  }
  detail::put_texts(state, identity_prefix, identity());
  detail::put_texts(state, circumstance_prefix, circumstances(t));
  optimizer_.create_slots(parameters_);
  optimizer_.for_each_slot(
      [&](const std::string& name, Array& slot) { state.arrays[optimizer_prefix + name] = slot.clone(); });

  const Generator::State& random = t.tape.generator().state();
  const auto put_word = [&](const char* name, std::uint64_t word) { state.put(name, static_cast<Index>(word)); };
  put_word("random_seed", random.seed);
  put_word("random_stream", random.stream);
  put_word("random_position", random.position);
  state.put("iterations", optimizer_.iterations());
  state.put("epoch", t.epoch);
  state.put("batch", t.batch);
  state.put("batches", t.batches);
  state.put("step", t.step);
  state.put("seconds", t.seconds);
  state.put("loss", totals_.loss);
  state.put("weight", totals_.weight);
  state.put("gradient_norm", totals_.gradient_norm);
  state.put("updates", totals_.updates);
  state.put("items", totals_.items);
  state.put("seconds_before", totals_.seconds_before);
  state.put("best", totals_.best);
  state.put("ended", Index{totals_.ended});
  state.texts["callbacks"] = callback_names();
  // The rate of a schedule follows from the iterations; a rate set by the program or by a callback is restored.
  if (optimizer_.has_learning_rate() && optimizer_.schedule().constant())
    state.put("learning_rate", optimizer_.learning_rate());
  checkpoints_->save(t.step, state);
}

Metadata Trainer::identity() {
  Metadata all = options_.checkpoint.identity;
  if (std::string optimizer = detail::identity_of(optimizer_); !optimizer.empty())
    all.emplace("optimizer", std::move(optimizer));
  return all;
}

Metadata Trainer::circumstances(const Training& t) const {
  Metadata all = options_.checkpoint.circumstances;
  all.emplace("threads", std::to_string(threads()));
  all.emplace("ranks", std::to_string(ranks()));
  all.emplace("epochs", std::to_string(t.epochs));
  all.emplace("batches of an epoch", std::to_string(t.batches));
  if (!given_rate_.empty()) all.emplace("learning rate", given_rate_);
  return all;
}

void Trainer::require_arrays(const TrainingState& state) {
  for (const auto& [path, parameter] : parameters_) require_fit(state, parameter_prefix + path, parameter->value());
  const TrainableFlags restored_in_the_end(parameters_);
  create_slots(state, parameters_, optimizer_);
  std::size_t slots = 0;
  optimizer_.for_each_slot([&](const std::string& name, Array& slot) {
    require_fit(state, optimizer_prefix + name, slot);
    ++slots;
  });
  std::size_t saved = 0;
  each_below(state.arrays, optimizer_prefix, [&](const std::string&, const Array&) { ++saved; });
  each_below(state.arrays, parameter_prefix, [&](const std::string&, const Array&) { ++saved; });
  require<FormatError>(
      saved == slots + parameters_.size(),
      "Trainer::fit: the checkpoint has {} arrays of parameters and optimizer, this training {}: it is of another "
      "model or optimizer",
      saved, slots + parameters_.size());
}

void Trainer::take_position(Training& t, const TrainingState& state) {
  t.epoch = state.integer("epoch");
  t.step = state.integer("step");
  t.seconds = state.number("seconds");
  totals_ = {.loss = state.number("loss"),
             .weight = state.number("weight"),
             .gradient_norm = state.number("gradient_norm"),
             .updates = state.number("updates"),
             .items = state.number("items"),
             .seconds_before = state.number("seconds_before"),
             .best = state.number("best"),
             // A second call of fit continues a training that a callback ended.
             .ended = state.integer("ended") != 0 && (epochs_before_ == 0 || t.epoch > epochs_before_ + 1)};
  const Index done = state.integer("batch");
  const Index batches_then = state.integer("batches");
  t.batch = batches_then == t.batches ? done : same_part(done, batches_then, t.batches);
  if (t.batch == done) return;
  const double part = static_cast<double>(t.batch) / static_cast<double>(done);
  for (double* const sum : {&totals_.loss, &totals_.weight, &totals_.gradient_norm, &totals_.updates, &totals_.items})
    *sum *= part;
}

std::optional<TrainingState> Trainer::read_newest() {
  if (!checkpoints_) return std::nullopt;
  // A second call of fit continues the run of the first call.
  if (!options_.checkpoint.resume && epochs_before_ == 0) checkpoints_->clear();
  return options_.checkpoint.resume ? checkpoints_->load_newest() : std::nullopt;
}

std::optional<TrainingState> Trainer::newest_state(Training& t) {
  given_rate_ = detail::rate_text(optimizer_);
  changed_rate_ = false;
  std::optional<TrainingState> state = state_of_rank_0(read_newest());
  if (!state) return std::nullopt;
  detail::require_identity(detail::texts_below(*state, identity_prefix), identity());
  const std::string& callbacks_then = state->text("callbacks");
  require<FormatError>(callbacks_then == callback_names(),
                       "Trainer::fit: the checkpoint is of a training with callbacks [{}], here are [{}]",
                       callbacks_then, callback_names());
  require_arrays(*state);
  const Metadata then = detail::texts_below(*state, circumstance_prefix);
  const Metadata now = circumstances(t);
  const auto rate_then = then.find("learning rate");
  changed_rate_ = rate_then != then.end() && rate_then->second != given_rate_;
  take_position(t, *state);
  if (const std::string list = detail::changes(then, now); !list.empty() && leads())
    warn("resumed at step {} with other settings, which are used from here on: {}", t.step, list);
  return state;
}

void Trainer::restore(Training& t, const TrainingState& state) {
  for (std::size_t i = 0; i < carrying_.size(); ++i)
    if (const auto states = state.get(fmt::format("{}{}", states_prefix, i)); !states.empty())
      carrying_[i]->reset_states(states);
  if (carried_ != nullptr) carried_->set_values(state.get(carried_prefix));
  for (const NamedParameter& p : parameters_) {
    p.parameter->edit().assign(state.arrays.at(parameter_prefix + p.path));
    p.parameter->trainable = was_trainable(state, p);
  }
  optimizer_.create_slots(parameters_);
  optimizer_.for_each_slot(
      [&](const std::string& name, Array& slot) { slot.assign(state.arrays.at(optimizer_prefix + name)); });
  optimizer_.set_iterations(state.integer("iterations"));
  if (state.texts.contains("learning_rate") && !changed_rate_)
    optimizer_.set_learning_rate(state.number("learning_rate"));
  const auto word = [&](const char* name) { return static_cast<std::uint64_t>(state.integer(name)); };
  t.tape.generator() = Generator(Generator::State{word("random_seed"), word("random_stream"), word("random_position")});
  masks_ = t.tape.generator().state();
  keep_accumulated_once();
  Index place = 0;
  for (const auto& callback : callbacks_) {
    if (!callback->has_state()) continue;
    const std::string prefix = callback_prefix(place++);
    if (leads() || !callback->leader_only()) callback->load(part_below(state, prefix));
  }
  if (load_state) load_state(part_below(state, program_prefix));
}

}  // namespace recur
