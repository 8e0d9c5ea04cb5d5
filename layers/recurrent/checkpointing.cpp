#include <recur/layers/recurrent/checkpointing.h>

#include <recur/framework/tensor/error.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace recur {
namespace {

using Layout = Checkpointing::Layout;
using Sizes = Checkpointing::Sizes;
using Strategy = Checkpointing::Strategy;

Index divided_up(Index a, Index b) { return (a + b - 1) / b; }

Layout states_every(Index block, Index time) {
  const Index blocks = divided_up(time, block);
  return {block, 0, CheckpointPlan(Strategy::states, blocks, blocks - 1)};
}

Layout everything(Index time) { return {time, 1, CheckpointPlan()}; }

// time / block states and one block's steps: their sum is smallest where the two are equal. Shorter blocks than 16
// steps would make small products of large ones.
Index balanced_block(Index time, const Sizes& sizes) {
  const double block = std::sqrt(static_cast<double>(time) * static_cast<double>(sizes.states) /
                                 static_cast<double>(std::max<std::size_t>(1, sizes.step)));
  return std::clamp<Index>(static_cast<Index>(block), std::min<Index>(16, time), time);
}

}  // namespace

Checkpointing Checkpointing::steps(Index count) {
  require<ValueError>(count >= 1, "Checkpointing::steps: {} steps, need at least 1", count);
  Checkpointing result;
  result.kind_ = Kind::steps;
  result.block_ = count;
  return result;
}

Checkpointing Checkpointing::automatic() {
  Checkpointing result;
  result.kind_ = Kind::automatic;
  return result;
}

Checkpointing Checkpointing::memory(std::size_t bytes, Strategy strategy) {
  require<ValueError>(bytes > 0, "Checkpointing::memory: no memory given");
  Checkpointing result;
  result.kind_ = Kind::memory;
  result.strategy_ = strategy;
  result.amount_ = bytes;
  return result;
}

Checkpointing Checkpointing::slots(Index count, Strategy strategy, Index block) {
  require<ValueError>(count >= 0 && block >= 0, "Checkpointing::slots: {} slots, blocks of {} steps", count, block);
  Checkpointing result;
  result.kind_ = Kind::slots;
  result.strategy_ = strategy;
  result.amount_ = static_cast<std::size_t>(count);
  result.block_ = block;
  return result;
}

Layout Checkpointing::layout(Index time, const Sizes& sizes) const {
  if (kind_ == Kind::none) return everything(time);
  if (kind_ == Kind::steps) return states_every(std::min(block_, time), time);
  if (kind_ == Kind::automatic) return states_every(balanced_block(time, sizes), time);
  if (kind_ == Kind::memory) return within_memory(time, sizes);
  const auto slots = static_cast<Index>(amount_);
  Index block = std::min(block_ > 0 ? block_ : divided_up(time, slots + 1), time);
  if (strategy_ != Strategy::states) block = std::max(block, divided_up(time, CheckpointPlan::most_blocks));
  const auto recorded = static_cast<double>(sizes.step) * static_cast<double>(block);
  const Index units =
      strategy_ == Strategy::mixed
          ? std::max<Index>(1, static_cast<Index>(std::ceil(recorded / static_cast<double>(sizes.states))))
          : 1;
  return {block, 0, CheckpointPlan(strategy_, divided_up(time, block), slots, units)};
}

Layout Checkpointing::within_memory(Index time, const Sizes& sizes) const {
  const auto room = static_cast<Index>(amount_);
  const auto step = static_cast<Index>(sizes.step);
  const auto states = static_cast<Index>(sizes.states);
  require<ValueError>(room >= step + states,
                      "Checkpointing::memory: {} bytes are too few: one step takes {} and its states {}", room, step,
                      states);
  if (time * step <= room) return everything(time);
  const Index block = balanced_block(time, sizes);
  const Index blocks = divided_up(time, block);
  const Index left = room - (blocks - 1) * states - block * step;
  if (left < 0 || strategy_ == Strategy::activations) return by_repetition(time, sizes);
  // One repetition of a block is enough; what room there is spares some of them even that.
  const Index recorded = strategy_ == Strategy::mixed ? std::min(left / (block * step), blocks - 1) : 0;
  return {block, recorded, CheckpointPlan(Strategy::states, blocks - recorded, blocks - recorded - 1)};
}

// Of the lengths of blocks that leave room for states or recorded blocks, the one with the least work.
Layout Checkpointing::by_repetition(Index time, const Sizes& sizes) const {
  const auto room = static_cast<Index>(amount_);
  const auto step = static_cast<Index>(sizes.step);
  const auto states = static_cast<Index>(sizes.states);
  Layout best;
  double least = std::numeric_limits<double>::infinity();
  for (Index block = 1; block <= time && block * step + states <= room; block *= 2) {
    const Index blocks = divided_up(time, block);
    const Index left = room - block * step;
    const auto consider = [&](Strategy strategy, Index units, Index block_units) {
      const CheckpointPlan plan(strategy, blocks, units, block_units);
      const double work = plan.forwards() * static_cast<double>(block);
      if (work > least) return;
      least = work;
      best = {block, 0, plan};
    };
    if (strategy_ != Strategy::activations) consider(Strategy::states, left / states, 1);
    if (blocks > CheckpointPlan::most_blocks) continue;
    if (strategy_ == Strategy::activations) consider(strategy_, left / (block * step), 1);
    if (strategy_ == Strategy::mixed && left / states <= CheckpointPlan::most_units)
      consider(strategy_, left / states, divided_up(block * step, states));
  }
  require<ValueError>(least < std::numeric_limits<double>::infinity(),
                      "Checkpointing::memory: {} bytes are too few to store activations of {} steps in {} blocks", room,
                      time, CheckpointPlan::most_blocks);
  return best;
}

}  // namespace recur
