#include <recur/train/trainer.h>

#include <charconv>
#include <cstdlib>

namespace recur {
namespace {

// Names in a checkpoint. What the program adds itself has a prefix of its own, so that it cannot collide.
constexpr const char* parameter_prefix = "parameter/";
constexpr const char* optimizer_prefix = "optimizer/";
constexpr const char* program_prefix = "program/";

// Hexadecimal, so that the very same number comes back.
std::string exactly(double number) { return fmt::format("{:a}", number); }

const std::string& text_of(const TrainingState& state, const std::string& key) {
  const auto at = state.texts.find(key);
  require<FormatError>(at != state.texts.end(), "Trainer::fit: the checkpoint has no \"{}\"", key);
  return at->second;
}

double double_of(const TrainingState& state, const std::string& key) {
  return std::strtod(text_of(state, key).c_str(), nullptr);
}

template <class Integer>
Integer integer_of(const TrainingState& state, const std::string& key) {
  const std::string& text = text_of(state, key);
  Integer number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  require<FormatError>(read.ec == std::errc() && read.ptr == text.data() + text.size(),
                       "Trainer::fit: \"{}\" is '{}' in the checkpoint, not a number", key, text);
  return number;
}

// The part of a map whose names begin with `prefix`, without it.
template <class Map, class Add>
void each_below(const Map& map, const std::string& prefix, Add add) {
  for (const auto& [name, value] : map)
    if (name.starts_with(prefix)) add(name.substr(prefix.size()), value);
}

void require_fit(const TrainingState& state, const std::string& name, const Array& array) {
  const auto at = state.arrays.find(name);
  require<FormatError>(at != state.arrays.end(), "Trainer::fit: the checkpoint has no {}: it is of another model",
                       name);
  require<FormatError>(at->second.shape() == array.shape() && at->second.dtype() == array.dtype(),
                       "Trainer::fit: {} is {} {} in the checkpoint, {} {} here", name, recur::name(at->second.dtype()),
                       at->second.shape(), recur::name(array.dtype()), array.shape());
}

}  // namespace

void Trainer::save(Tape& tape, Index batches) {
  TrainingState own;
  if (save_state) save_state(own);
  TrainingState state;
  for (auto& [name, array] : own.arrays) state.arrays[program_prefix + name] = std::move(array);
  for (auto& [name, text] : own.texts) state.texts[program_prefix + name] = std::move(text);
  for (const auto& [path, parameter] : parameters_) state.arrays[parameter_prefix + path] = parameter->value().clone();
  optimizer_.create_slots(parameters_);
  optimizer_.for_each_slot(
      [&](const std::string& name, Array& slot) { state.arrays[optimizer_prefix + name] = slot.clone(); });

  const Generator::State& random = tape.generator().state();
  state.texts.insert({{"epoch", std::to_string(position_.epoch)},
                      {"batch", std::to_string(position_.batch)},
                      {"batches", std::to_string(batches)},
                      {"step", std::to_string(position_.step)},
                      {"loss", exactly(position_.loss)},
                      {"seconds", exactly(position_.seconds)},
                      {"best", exactly(position_.best)},
                      {"since_best", std::to_string(position_.since_best)},
                      {"iterations", std::to_string(optimizer_.iterations())},
                      {"random_seed", std::to_string(random.seed)},
                      {"random_stream", std::to_string(random.stream)},
                      {"random_position", std::to_string(random.position)}});
  if (optimizer_.has_learning_rate()) state.texts["learning_rate"] = exactly(optimizer_.learning_rate());
  checkpoints_->save(position_.step, state);
}

std::optional<TrainingState> Trainer::newest_state(Index batches) {
  if (!checkpoints_ || !options_.checkpoint.resume) return std::nullopt;
  const auto newest = checkpoints_->newest();
  if (!newest) return std::nullopt;
  TrainingState state = load_checkpoint(*newest);
  for (const auto& [path, parameter] : parameters_) require_fit(state, parameter_prefix + path, parameter->value());
  optimizer_.create_slots(parameters_);
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
      "Trainer::fit: '{}' has {} arrays of parameters and optimizer, this training {}: it is of another "
      "model or optimizer",
      newest->string(), saved, slots + parameters_.size());
  const auto batches_then = integer_of<Index>(state, "batches");
  require<FormatError>(batches_then == batches,
                       "Trainer::fit: '{}' is of a training with {} batches an epoch, here are {}", newest->string(),
                       batches_then, batches);
  position_ = {.epoch = integer_of<Index>(state, "epoch"),
               .batch = integer_of<Index>(state, "batch"),
               .step = integer_of<Index>(state, "step"),
               .loss = double_of(state, "loss"),
               .seconds = double_of(state, "seconds"),
               .best = double_of(state, "best"),
               .since_best = integer_of<Index>(state, "since_best")};
  return state;
}

void Trainer::restore(Tape& tape, const TrainingState& state) {
  for (const auto& [path, parameter] : parameters_) parameter->edit().assign(state.arrays.at(parameter_prefix + path));
  optimizer_.for_each_slot(
      [&](const std::string& name, Array& slot) { slot.assign(state.arrays.at(optimizer_prefix + name)); });
  optimizer_.set_iterations(integer_of<Index>(state, "iterations"));
  // A schedule follows from the iterations; a rate that was set by hand does not.
  if (optimizer_.has_learning_rate() && optimizer_.schedule().constant())
    optimizer_.set_learning_rate(double_of(state, "learning_rate"));
  tape.generator() = Generator(Generator::State{integer_of<std::uint64_t>(state, "random_seed"),
                                                integer_of<std::uint64_t>(state, "random_stream"),
                                                integer_of<std::uint64_t>(state, "random_position")});
  if (!load_state) return;
  TrainingState own;
  each_below(state.arrays, program_prefix,
             [&](const std::string& name, const Array& array) { own.arrays[name] = array.clone(); });
  each_below(state.texts, program_prefix,
             [&](const std::string& name, const std::string& text) { own.texts[name] = text; });
  load_state(own);
}

}  // namespace recur
