#include <recur/framework/recurrence/replicas.h>

#include <algorithm>

namespace recur {
namespace {

// to += from, from = -0, which is added to by the next pass and tells a gradient of 0 from none (Parameter::gradient).
template <class T>
void add_and_clear(Array& from, Array& to) {
  constexpr Index width = 4096;
  constexpr Index work_of_sum = 12;  // in the operations of parallel.h: each number has to be fetched first
  T* const source = from.as<T>().data();
  T* const target = to.as<T>().data();
  const Index size = to.size();
  parallel_for((size + width - 1) / width, width * work_of_sum, [=](Index part) {
    const Index end = std::min((part + 1) * width, size);
    for (Index i = part * width; i < end; ++i) {
      target[i] += source[i];
      source[i] = -T{0};
    }
  });
}

}  // namespace

void ReplicaSet::prepare(int shares, DType dtype) {
  count_ = static_cast<std::size_t>(shares);
  while (owned_.size() < count_) {
    owned_.push_back(std::make_unique<Tape>(dtype));
    owned_.back()->keep_gradients_apart(owned_.size() >
                                        1);  // the first share adds to the parameters' gradients themselves
    tapes_.push_back(owned_.back().get());
  }
}

// Zeros for gradients that a backward pass left behind when it threw.
void ReplicaSet::clear_gradients() {
  for (Tape* const tape : tapes())
    for (const auto& leaf : tape->leaves()) {
      if (leaf->apart && leaf->dirty) leaf->own_gradient.fill(-0.0);
      leaf->dirty = false;
    }
}

void ReplicaSet::add_gradients() {
  for (Tape* const tape : tapes().subspan(1))
    for (const auto& leaf : tape->leaves()) {
      if (!leaf->apart || !leaf->dirty) continue;
      dispatch_real(tape->dtype(), [&]<class T>() { add_and_clear<T>(leaf->own_gradient, leaf->parameter->gradient); });
      leaf->dirty = false;
    }
}

void ReplicaSet::reset() {
  for (Tape* const tape : tapes()) tape->reset();
}

std::size_t ReplicaSet::memory() const {
  std::size_t total = 0;
  for (const Tape* const tape : tapes_) total += tape->memory();
  return total;
}

Replicas& Replicas::of(Tape& tape) {
  if (tape.attachment() == nullptr) tape.attach(std::make_unique<Replicas>());
  return static_cast<Replicas&>(*tape.attachment());
}

ReplicaSet& Replicas::acquire(int shares, DType dtype) {
  if (used_ == sets_.size()) sets_.push_back(std::make_unique<ReplicaSet>());
  ReplicaSet& set = *sets_[used_++];
  set.prepare(shares, dtype);
  return set;
}

void Replicas::rewind(std::size_t mark) {
  for (; used_ > mark; --used_) sets_[used_ - 1]->reset();
}

std::size_t Replicas::memory() const {
  std::size_t total = 0;
  for (const auto& set : sets_) total += set->memory();
  return total;
}

}  // namespace recur
