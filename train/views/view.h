#pragma once

#include <recur/framework/tensor/shape.h>

#include <concepts>
#include <type_traits>
#include <utility>

namespace recur::views {

/// A type with `size()` and elements by number: `TensorDataset`, `SequenceDataset`, `StreamBatches`, and all views. An
/// element must depend only on its number, the seeds and the epoch, so that a resumed training may begin with any batch
/// of any epoch.
template <class D>
concept Dataset = requires(const std::remove_cvref_t<D>& data, Index index) {
  { data.size() } -> std::convertible_to<Index>;
  data[index];
};

/// The type of the elements of a data set.
template <Dataset D>
using Element = std::remove_cvref_t<decltype(std::declval<const std::remove_cvref_t<D>&>()[Index{}])>;

/// Calls `start_epoch` of a data set that has it. Views pass it on to their data set.
template <class D>
void start_epoch(D& data, Index epoch) {
  if constexpr (requires { data.start_epoch(epoch); }) data.start_epoch(epoch);
}

/// True if a data set or the data set it views shuffles its elements.
template <class D>
inline constexpr bool reorders_elements = [] {
  if constexpr (requires { std::remove_cvref_t<D>::reorders; }) return std::remove_cvref_t<D>::reorders;
  else return false;
}();

namespace detail {
void require_element(const char* view, Index index, Index size);
}

/// Base of a view of the data set D. Holds a reference if the view was made from a variable, which must then outlive
/// it, and the data set itself if it was made from a temporary.
template <Dataset D>
class View {
 public:
  static constexpr bool reorders = reorders_elements<D>;

  explicit View(D&& data) : data_(std::forward<D>(data)) {}

  void start_epoch(Index epoch) { views::start_epoch(data_, epoch); }

 protected:
  [[nodiscard]] Index base_size() const { return data_.size(); }
  /// Returns element `index` of the data set that is viewed.
  [[nodiscard]] decltype(auto) base(Index index) const { return std::as_const(data_)[index]; }
  [[nodiscard]] D& data() { return data_; }

 private:
  D data_;
};

}  // namespace recur::views
