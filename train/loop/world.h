#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/train/data/share.h>

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recur {

/// Thrown on every rank when another rank cannot go on; the message names the rank, its host and the reason.
class RankError : public Error {
 public:
  using Error::Error;
};

/// The processes that train one model together, called ranks, and the place of this process among them. Every operation
/// but `fail` must be called by all ranks in one order; it throws RankError where a rank is at another operation or
/// cannot go on. One thread of a process calls them. `distributed/connect.h` makes the world of MPI.
class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  virtual ~World() = default;

  /// Return the number of this process, from 0, and the number of processes.
  [[nodiscard]] virtual Index rank() const = 0;
  [[nodiscard]] virtual Index size() const = 0;
  /// Returns true on rank 0, which alone writes files and prints.
  [[nodiscard]] bool leads() const { return rank() == 0; }
  [[nodiscard]] Share share() const { return {rank(), size()}; }
  /// Returns `rank 1 of 3 on HOST`.
  [[nodiscard]] virtual std::string name(Index rank) const = 0;
  /// Returns true if ranks are threads of one process, which have one set of signal handlers.
  [[nodiscard]] virtual bool in_one_process() const { return false; }

  /// How numbers travel.
  enum class Wire : unsigned char {
    exact,
    bf16,  ///< Every addend and the sum are rounded to 8 significant bits; additions are in float. Half the bytes.
  };
  using Parts = std::span<const std::span<float>>;
  using DoubleParts = std::span<const std::span<double>>;
  /// Replaces every element by its sum over all ranks, added in the order of ranks: all ranks get the same bits,
  /// whatever carries the bytes. Sizes must be equal on all ranks.
  virtual void sum(Parts parts, Wire wire = Wire::exact) = 0;
  virtual void sum(DoubleParts parts) = 0;
  /// Returns the texts of all ranks in their order. Lengths may differ.
  [[nodiscard]] virtual std::vector<std::string> gather(std::string_view own) = 0;
  /// Returns the text of rank 0; that of other ranks is not used.
  [[nodiscard]] virtual std::string broadcast(std::string_view text) = 0;
  /// Makes the next operation of every rank throw RankError with this reason. May be called at any time, once.
  virtual void fail(std::string_view reason) noexcept = 0;
  /// Returns how many bytes this rank has sent as data of the operations above.
  [[nodiscard]] virtual std::uint64_t bytes_sent() const = 0;

  // In terms of the operations above:
  /// Returns the numbers of all ranks, one rank after another. Lengths may differ.
  [[nodiscard]] std::vector<std::vector<double>> gather(std::span<const double> own);
  /// Returns the numbers of rank 0.
  [[nodiscard]] std::vector<double> broadcast(std::span<const double> numbers);
  /// Returns true if `own` is true on any rank.
  [[nodiscard]] bool any(bool own);
  /// Throws StateError on all ranks, naming the first rank that differs from rank 0 and both texts, unless `text` is
  /// equal on all ranks.
  void require_same(std::string_view what, std::string_view text);
  /// Calls `body()`. What it throws on one rank is thrown there, and as RankError on all other ranks.
  template <class Body>
  decltype(auto) together(Body body) {
    try {
      return body();
    } catch (const RankError&) {
      throw;
    } catch (const std::exception& error) {
      fail(error.what());
      throw;
    } catch (...) {
      fail("an exception that is no std::exception");
      throw;
    }
  }
};

/// How the ranks of a world exchange what they have learned.
struct ExchangeOptions {
  /// Steps that every rank makes by itself, on its rows, before parameters are averaged. 1: gradients are summed at
  /// every step, so that all ranks make the step of one process. More: fewer bytes, for slow networks.
  Index local_steps = 1;
  World::Wire wire = World::Wire::exact;
  /// Of parameters with many rows, such as embeddings, exchange only those rows that a gradient has reached.
  bool sparse_rows = true;
};

}  // namespace recur
