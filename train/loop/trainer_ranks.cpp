// The parts of a Trainer that several ranks do together; alone they do nothing.

#include <recur/train/loop/trainer.h>

#include <recur/framework/check/non_finite.h>
#include <recur/io/file_checksum.h>
#include <recur/train/callbacks/finite_guard.h>
#include <recur/train/loop/interrupt.h>
#include <recur/train/loop/run_identity.h>
#include <recur/train/loop/state_bytes.h>
#include <recur/train/loop/sum_gradients.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace recur {
namespace {

std::string list_of(std::span<const NamedParameter> parameters) {
  std::string list;
  for (const auto& [path, p] : parameters)
    list += fmt::format("{} {} {}{}; ", path, p->shape(), name(p->dtype()), p->trainable ? "" : " frozen");
  return list;
}

void divide(Array& array, Index count) {
  dispatch_real(array.dtype(), [&]<class T>() {
    for (T& value : array.as<T>().values()) value /= static_cast<T>(count);
  });
}

// Arrays of all ranks below each other, in the order of ranks.
Array stacked(const std::vector<std::string>& parts) {
  std::vector<Array> arrays;
  Index rows = 0;
  for (std::string_view part : parts) {
    if (part.empty()) continue;
    arrays.push_back(detail::take_array(part));
    rows += arrays.back().shape()[0];
  }
  Array all(arrays.front().shape().with(0, rows), arrays.front().dtype());
  auto* to = static_cast<std::byte*>(all.data());
  for (const Array& array : arrays) {
    const std::size_t bytes = static_cast<std::size_t>(array.size()) * size_of(array.dtype());
    std::memcpy(to, array.data(), bytes);
    to += bytes;
  }
  return all;
}

// The rows of a share; none if it has none.
std::vector<Array> rows_of_share(const std::vector<Array>& list, const Share& share) {
  std::vector<Array> own;
  for (const Array& array : list) {
    const Index rows = array.shape()[0], count = share.count(rows);
    if (count == 0) return {};
    Array part(array.shape().with(0, count), array.dtype());
    const std::size_t row = static_cast<std::size_t>(array.size() / rows) * size_of(array.dtype());
    const auto* from = static_cast<const std::byte*>(array.data());
    std::memcpy(part.data(), from + static_cast<std::size_t>(share.first(rows)) * row,
                static_cast<std::size_t>(count) * row);
    own.push_back(std::move(part));
  }
  return own;
}

void sum_array(World& world, Array& array) {
  dispatch_real(array.dtype(), [&]<class T>() {
    const std::span<T> values = array.as<T>().values();
    world.sum(std::span<const std::span<T>>(&values, 1));
  });
}

}  // namespace

void Trainer::refuse_batches(const std::string& batch) {
  fail<StateError>(
      "Trainer::fit: ranks cannot divide batches of type {}: write share_of(const T&, const Share&) beside it, or give "
      "the source a member share(index, share)",
      detail::class_name(batch));
}

int Trainer::interrupt() const { return ranks() > 1 ? agreed_interrupt_ : InterruptGuard::signal(); }

void Trainer::begin_ranks(Training& t) {
  if (ranks() == 1) return;
  World& world = *options_.world;
  std::string callbacks;
  for (const auto& callback : callbacks_) callbacks += callback->name() + " ";
  world.require_same("Trainer::fit: parameters", list_of(parameters_));
  world.require_same(
      "Trainer::fit: training",
      fmt::format("epochs {} of {} batches; optimizer {}, learning rate {}; callbacks {}; local steps {}, "
                  "wire {}, checkpoints every {}",
                  t.epochs, t.batches, detail::identity_of(optimizer_), detail::rate_text(optimizer_), callbacks,
                  options_.exchange.local_steps, static_cast<int>(options_.exchange.wire),
                  options_.checkpoint.directory.empty() ? -1 : options_.checkpoint.every));
  broadcast_values(world, parameters_);
  const Generator::State own = t.tape.generator().state();
  const std::string first = world.broadcast({reinterpret_cast<const char*>(&own), sizeof own});
  std::memcpy(&masks_, first.data(), sizeof masks_);
}

// Random numbers of a step follow from its number and the rank, so that they do not depend on restarts.
void Trainer::begin_step_of_rank(Training& t) {
  if (ranks() == 1) return;
  const auto step = static_cast<std::uint64_t>(t.step);
  const auto rank = static_cast<std::uint64_t>(options_.world->rank());
  t.tape.generator() = Generator(masks_).fork(step).fork(rank);
}

// Adds the step of all ranks to the totals. @returns how much the loss of this rank counts in the gradients
double Trainer::agree_on_step(Training& t, double own) {
  double weight = no_rows_ ? 0 : weight_of_batch();
  const double weight_here = weight;
  double loss = weight * own, samples = samples_;
  t.loss = own;
  if (ranks() > 1) {
    const std::vector<double> here = {static_cast<double>(t.step), weight, own, samples,
                                      static_cast<double>(InterruptGuard::signal())};
    const auto all = options_.world->gather(std::span<const double>(here));
    loss = weight = samples = 0;
    for (const std::vector<double>& of_rank : all) {
      require<StateError>(of_rank.size() == here.size() && of_rank[0] == here[0],
                          "Trainer::fit: a rank is in step {}, this one in step {}", of_rank[0], here[0]);
      loss += of_rank[1] * of_rank[2];
      weight += of_rank[1];
      samples += of_rank[3];
      agreed_interrupt_ = std::max(agreed_interrupt_, static_cast<int>(of_rank[4]));
    }
    t.loss = weight > 0 ? loss / weight : all[0][2];
  }
  totals_.loss += loss;
  totals_.weight += weight;
  totals_.items += options_.items_per_batch > 0 ? options_.items_per_batch : samples;
  if (ranks() == 1) return 1;
  if (no_rows_) return 0;
  if (options_.exchange.local_steps > 1) return 1;
  return weight > 0 ? weight_here / weight : 1 / static_cast<double>(ranks());
}

void Trainer::exchange_gradients() {
  if (ranks() > 1 && options_.exchange.local_steps == 1) sum_gradients(*options_.world, parameters_, options_.exchange);
}

void Trainer::end_step_of_rank(Training& t) {
  if (ranks() == 1) return;
  t.tape.generator() = Generator(masks_);
  const Index local = options_.exchange.local_steps;
  if (local > 1 && (t.step % local == 0 || t.batch == t.batches)) average_over_ranks(false);
}

void Trainer::average_over_ranks(bool with_slots) {
  const auto average = [&](Array& array) {
    sum_array(*options_.world, array);
    divide(array, ranks());
  };
  for (const NamedParameter& p : parameters_)
    if (p.parameter->trainable) average(p.parameter->edit());
  if (!with_slots) return;
  optimizer_.create_slots(parameters_);
  optimizer_.for_each_slot([&](const std::string&, Array& slot) { average(slot); });
}

// The reason is told by a rank that finds it on its own tape.
void Trainer::refuse_gradients(Training& t, Var loss) {
  const std::string where = fmt::format("Trainer::fit, batch {} of epoch {}", t.batch + 1, t.epoch);
  if (ranks() == 1 || options_.exchange.local_steps > 1) {
    require_finite_gradients(where, t.tape, loss, parameters_);
    return;
  }
  std::string reason;
  bool found = false;
  if (loss.defined()) {
    try {
      require_finite_gradients(where, t.tape, loss, parameters_);
    } catch (const StateError& error) {
      reason = error.what();
    }
    found = first_non_finite_gradient(t.tape, loss).has_value();
  }
  const std::vector<std::string> all = options_.world->gather(found ? reason : "");
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    if (!all[rank].empty()) throw RankError(options_.world->name(static_cast<Index>(rank)) + ": " + all[rank]);
  fail<StateError>("{}: the sum of the gradients of {} ranks is not finite", where, ranks());
}

void Trainer::agree_on_end() {
  if (ranks() == 1) return;
  const std::vector<double> own = {totals_.ended ? 1.0 : 0.0, static_cast<double>(InterruptGuard::signal())};
  for (const std::vector<double>& of_rank : options_.world->gather(std::span<const double>(own))) {
    totals_.ended = totals_.ended || of_rank.at(0) != 0;
    agreed_interrupt_ = std::max(agreed_interrupt_, static_cast<int>(of_rank.at(1)));
  }
}

// All ranks go on with the numbers of rank 0: seconds differ, and validation may.
void Trainer::agree_on_report(EpochReport& report) {
  if (ranks() == 1) return;
  std::vector<double> numbers = {report.train_loss,    report.valid_loss,          report.seconds,
                                 report.learning_rate, report.gradient_norm,       report.items_per_second,
                                 report.best ? 1. : 0, report.interrupted ? 1. : 0};
  const std::size_t fixed = numbers.size();
  for (const auto& [name, value] : report.metrics) numbers.push_back(value);
  const std::vector<double> first = options_.world->broadcast(std::span<const double>(numbers));
  require<StateError>(first.size() == numbers.size(), "Trainer::fit: {} metrics on rank 0, {} here",
                      first.size() - fixed, report.metrics.size());
  std::tie(report.train_loss, report.valid_loss, report.seconds) = std::tie(first[0], first[1], first[2]);
  std::tie(report.learning_rate, report.gradient_norm, report.items_per_second) =
      std::tie(first[3], first[4], first[5]);
  report.best = first[6] != 0;
  report.interrupted = first[7] != 0;
  for (std::size_t i = 0; i < report.metrics.size(); ++i) report.metrics[i].second = first[fixed + i];
}

// Moving means and variances follow the rows of a rank. They are linear in these, so that their average over ranks is
// what the averages of all ranks would have given.
void Trainer::average_statistics() {
  if (ranks() == 1) return;
  for (const NamedParameter& p : parameters_) {
    if (p.parameter->trainable) continue;
    const Array& value = p.parameter->value();
    const std::size_t bytes = static_cast<std::size_t>(value.size()) * size_of(value.dtype());
    FileChecksum checksum;
    checksum.add({static_cast<const std::byte*>(value.data()), bytes});
    const std::vector<double> own = {static_cast<double>(checksum.value())};
    const auto all = options_.world->gather(std::span<const double>(own));
    if (std::ranges::all_of(all, [&](const std::vector<double>& other) { return other == own; })) continue;
    sum_array(*options_.world, p.parameter->edit());
    divide(p.parameter->edit(), ranks());
  }
}

// Sums are the same bits everywhere, but each rank makes its own update: another processor or library may round it in
// another way.
void Trainer::require_equal_parameters() {
  if (ranks() == 1) return;
  FileChecksum checksum;
  for (const NamedParameter& p : parameters_)
    checksum.add({static_cast<const std::byte*>(p.parameter->value().data()),
                  static_cast<std::size_t>(p.parameter->size()) * size_of(p.parameter->dtype())});
  options_.world->require_same("Trainer::fit: checksum of the parameters", fmt::format("{:08x}", checksum.value()));
}

// Accumulated gradients are summed early, and rank 0 keeps the sum: a checkpoint has it once.
void Trainer::prepare_ranks_to_save() {
  if (ranks() == 1) return;
  average_statistics();
  if (options_.exchange.local_steps > 1) return average_over_ranks(true);
  if (optimizer_.accumulated_steps() == 0) return;
  sum_gradients(*options_.world, parameters_, options_.exchange);
  keep_accumulated_once();
}

void Trainer::keep_accumulated_once() {
  if (leads() || options_.exchange.local_steps > 1 || optimizer_.accumulated_steps() == 0) return;
  for (const NamedParameter& p : parameters_) p.parameter->zero_gradient();
}

void Trainer::gather_states(TrainingState& state) {
  if (ranks() == 1) return;
  for (const std::string& name : state.by_row) {
    const std::vector<Array> own = state.get(name);
    const std::vector<double> own_count = {static_cast<double>(own.size())};
    const double count = options_.world->broadcast(std::span<const double>(own_count)).at(0);
    for (std::size_t i = 0; static_cast<double>(i) < count; ++i) {
      const auto parts = options_.world->gather(i < own.size() ? detail::bytes_of_array(own[i]) : std::string());
      state.arrays[fmt::format("{}/{}", name, i)] = stacked(parts);
    }
  }
}

std::optional<TrainingState> Trainer::state_of_rank_0(std::optional<TrainingState> state) {
  if (ranks() == 1 || options_.checkpoint.directory.empty()) return state;
  const std::string bytes = options_.world->broadcast(state ? detail::bytes_of_state(*state) : std::string());
  if (bytes.empty()) return std::nullopt;
  if (!leads()) state = detail::state_of_bytes(bytes);
  for (const std::string& name : state->by_row) {
    std::vector<Array> list = state->get(name);
    for (std::size_t i = 0; i < list.size(); ++i) state->arrays.erase(fmt::format("{}/{}", name, i));
    state->put(name, rows_of_share(list, options_.world->share()));
  }
  return state;
}

void Trainer::tell_failure() noexcept {
  if (ranks() == 1) return;
  try {
    throw;
  } catch (const RankError&) {  // every rank has it
  } catch (const std::exception& error) {
    options_.world->fail(error.what());
  } catch (...) {
    options_.world->fail("an exception that is no std::exception");
  }
}

}  // namespace recur
