#pragma once

#include <recur/framework/tensor/shape.h>

#include <concepts>
#include <type_traits>
#include <utility>

namespace recur::views {

/// What can be asked for its elements by number: `TensorDataset`, `SequenceDataset`, `StreamBatches`, and all views. An element
/// depends on its number, the seeds and the epoch alone, never on what was asked for before, so that training can go on with any
/// batch of any epoch.
template <class D>
concept Dataset = requires(const std::remove_cvref_t<D>& data, Index index) {
  { data.size() } -> std::convertible_to<Index>;
  data[index];
};

/// What a data set consists of.
template <Dataset D>
using Element = std::remove_cvref_t<decltype(std::declval<const std::remove_cvref_t<D>&>()[Index{}])>;

/// Tells a data set, if it wants to know, that an epoch begins: views pass it on to what they look at.
template <class D>
void start_epoch(D& data, Index epoch) {
  if constexpr (requires { data.start_epoch(epoch); }) data.start_epoch(epoch);
}

/// Whether a data set hands out elements in another order than it was made of: a shuffle, or a view of one.
template <class D>
inline constexpr bool reorders_elements = [] {
  if constexpr (requires { std::remove_cvref_t<D>::reorders; }) return std::remove_cvref_t<D>::reorders;
  else return false;
}();

namespace detail {
void require_element(const char* view, Index index, Index size);
}

/// Base of a view on the data set D: a reference if it was made of a variable, which must then outlive it, or else the data set
/// itself.
template <Dataset D>
class View {
 public:
  static constexpr bool reorders = reorders_elements<D>;

  explicit View(D&& data) : data_(std::forward<D>(data)) {}

  void start_epoch(Index epoch) { views::start_epoch(data_, epoch); }

 protected:
  [[nodiscard]] Index base_size() const { return data_.size(); }
  /// Element `index` of what is looked at.
  [[nodiscard]] decltype(auto) base(Index index) const { return std::as_const(data_)[index]; }
  [[nodiscard]] D& data() { return data_; }

 private:
  D data_;
};

}  // namespace recur::views
