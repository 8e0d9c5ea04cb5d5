#pragma once

#include <recur/framework/tensor/error.h>
#include <recur/train/views/view.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

namespace recur::views {

/// Computes the next elements on a thread of its own while the caller works on the present one. Elements are those of
/// the data set. Ask for them in order: asking for another element discards what was prepared. Exceptions of the data
/// set are thrown when their element is asked for. Only one thread may ask, and the data set must not be used elsewhere
/// meanwhile.
template <Dataset D>
class Prefetch {
 public:
  Prefetch(D&& data, Index ahead) : shared_(std::make_unique<Shared>(std::forward<D>(data), ahead)) {
    require<ValueError>(ahead >= 1, "prefetch: {} elements ahead, at least 1 is needed", ahead);
    worker_ = std::jthread([shared = shared_.get()] { shared->work(); });
  }
  Prefetch(Prefetch&&) noexcept = default;
  Prefetch& operator=(Prefetch&&) = delete;
  /// Waits for the element that is being computed.
  ~Prefetch() {
    if (shared_) shared_->stop();
  }

  [[nodiscard]] Index size() const { return shared_->size; }
  [[nodiscard]] Element<D> operator[](Index index) const {
    detail::require_element("prefetch", index, size());
    return shared_->get(index);
  }
  void start_epoch(Index epoch) { shared_->start_epoch(epoch); }

 private:
  using Made = std::variant<Element<D>, std::exception_ptr>;

  struct Shared {
    Shared(D&& set, Index most) : data(std::forward<D>(set)), size(data.size()), ahead(most) {}

    void work() {
      std::unique_lock lock(mutex);
      while (true) {
        changed.wait(lock, [&] { return stopped || (next < size && next - first < ahead); });
        if (stopped) return;
        const Index index = next++;
        const Index series_then = series;
        busy = true;
        lock.unlock();
        Made made = make(index);
        lock.lock();
        busy = false;
        if (series == series_then) ready.push_back(std::move(made));
        changed.notify_all();
      }
    }
    Made make(Index index) {
      try {
        return Made(std::in_place_index<0>, std::as_const(data)[index]);
      } catch (...) {
        return Made(std::in_place_index<1>, std::current_exception());
      }
    }
    Element<D> get(Index index) {
      std::unique_lock lock(mutex);
      if (index != first) restart(index);
      changed.wait(lock, [&] { return !ready.empty(); });
      Made made = std::move(ready.front());
      ready.pop_front();
      ++first;
      changed.notify_all();
      if (made.index() == 1) std::rethrow_exception(std::get<1>(made));
      return std::get<0>(std::move(made));
    }
    void start_epoch(Index epoch) {
      std::unique_lock lock(mutex);
      restart(size);  // nothing more is begun …
      changed.wait(lock, [&] { return !busy; });
      views::start_epoch(data, epoch);  // … so that nobody looks at the data now
      size = data.size();
      restart(0);
    }
    void restart(Index index) {
      ++series;
      ready.clear();
      first = next = index;
      changed.notify_all();
    }
    void stop() {
      const std::lock_guard lock(mutex);
      stopped = true;
      changed.notify_all();
    }

    D data;
    Index size;
    Index ahead;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Made> ready;  // elements first, first + 1 …
    Index first = 0;         // the one that is asked for next
    Index next = 0;          // the one to be made next
    Index series = 0;        // counts restarts: what was begun before one is thrown away
    bool busy = false;
    bool stopped = false;
  };

  std::unique_ptr<Shared> shared_;
  std::jthread worker_;  // joined before what it works on goes
};

/// Prepares `ahead` elements in advance, 2 by default: `auto batches = prefetch(batch(shuffle(data, seed), 32));`.
/// Throws ValueError if `ahead` is less than 1.
template <Dataset D>
[[nodiscard]] Prefetch<D> prefetch(D&& data, Index ahead = 2) {
  return {std::forward<D>(data), ahead};
}

}  // namespace recur::views
