#include <recur/train/loop/world.h>

#include <algorithm>
#include <cstring>

namespace recur {
namespace {

std::string_view bytes_of(std::span<const double> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

std::vector<double> numbers_of(std::string_view bytes) {
  std::vector<double> numbers(bytes.size() / sizeof(double));
  if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(double));
  return numbers;
}

// What differs, with a little of what stands before.
std::string differing(std::string_view text, std::size_t at) {
  constexpr std::size_t before = 30, most = 90;
  const std::size_t from = at > before ? at - before : 0;
  return (from > 0 ? "…" : "") + std::string(text.substr(std::min(from, text.size()), most));
}

}  // namespace

std::vector<std::vector<double>> World::gather(std::span<const double> own) {
  std::vector<std::vector<double>> all;
  for (const std::string& bytes : gather(bytes_of(own))) all.push_back(numbers_of(bytes));
  return all;
}

std::vector<double> World::broadcast(std::span<const double> numbers) {
  return numbers_of(broadcast(bytes_of(numbers)));
}

bool World::any(bool own) {
  return std::ranges::any_of(gather(own ? "y" : ""), [](const std::string& text) { return !text.empty(); });
}

void World::require_same(std::string_view what, std::string_view text) {
  const std::vector<std::string> all = gather(text);
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i] == all[0]) continue;
    const auto at = static_cast<std::size_t>(std::ranges::mismatch(all[0], all[i]).in1 - all[0].begin());
    recur::fail<StateError>("{}: {} has '{}', {} has '{}'; all ranks must be started alike", what, name(0),
                            differing(all[0], at), name(static_cast<Index>(i)), differing(all[i], at));
  }
}

}  // namespace recur
