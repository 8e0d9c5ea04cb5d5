#include <recur/train/loop/sum_gradients.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace recur {
namespace {

// Parameters of which rows are likely to be without a gradient: embeddings.
constexpr Index many_rows = 1000;
constexpr Index rows_per_column = 2;
// A share of rows above which all of them are sent.
constexpr double most_rows = 0.5;

bool has_many_rows(const Parameter& p) {
  const Shape& shape = p.shape();
  return shape.rank() == 2 && p.dtype() == DType::float32 && shape[0] >= many_rows &&
         shape[0] >= rows_per_column * shape[1];
}

bool is_none(std::span<const float> row) {
  return std::ranges::all_of(row, [](float value) { return value == 0 && std::signbit(value); });
}

std::span<float> row_of(Tensor<float>& gradient, Index row) {
  const Index columns = gradient.shape().cols();
  return {gradient.data() + row * columns, static_cast<std::size_t>(columns)};
}

// Numbers of the rows that have a gradient, as bytes; that they are too many as one row -1.
std::string reached_rows(Tensor<float>& gradient) {
  std::vector<std::int32_t> rows;
  const Index count = gradient.shape()[0];
  const auto most = static_cast<std::size_t>(most_rows * static_cast<double>(count));
  for (Index row = 0; row < count; ++row) {
    if (is_none(row_of(gradient, row))) continue;
    rows.push_back(static_cast<std::int32_t>(row));
    if (rows.size() > most) {
      rows.assign(1, -1);
      break;
    }
  }
  return {reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(rows[0])};
}

// Rows that any rank has reached, in their order; row -1 first if those of a rank are too many.
std::vector<std::int32_t> united(const std::vector<std::string>& lists) {
  std::vector<std::int32_t> rows;
  for (const std::string& list : lists) {
    const std::size_t before = rows.size();
    rows.resize(before + list.size() / sizeof(rows[0]));
    if (!list.empty()) std::memcpy(rows.data() + before, list.data(), list.size());
  }
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

// Sums the rows that a gradient has reached on any rank: the others are "none" on all, and so is their sum.
// @returns false if they are so many that all rows should be summed
bool sum_rows(World& world, Tensor<float>& gradient, World::Wire wire) {
  const std::vector<std::int32_t> rows = united(world.gather(reached_rows(gradient)));
  const Index columns = gradient.shape()[1];
  const auto limit = most_rows * static_cast<double>(gradient.shape()[0]);
  if (!rows.empty() && (rows.front() < 0 || static_cast<double>(rows.size()) > limit)) return false;
  std::vector<float> packed(rows.size() * static_cast<std::size_t>(columns));
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(row_of(gradient, rows[i]), packed.begin() + static_cast<Index>(i) * columns);
  const std::span<float> all(packed);
  world.sum(World::Parts(&all, 1), wire);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(packed.begin() + static_cast<Index>(i) * columns, columns, row_of(gradient, rows[i]).begin());
  return true;
}

}  // namespace

void sum_gradients(World& world, std::span<const NamedParameter> parameters, const ExchangeOptions& options) {
  if (world.size() == 1) return;
  std::vector<std::span<float>> floats;
  std::vector<std::span<double>> doubles;
  for (const auto& [path, p] : parameters) {
    if (!p->trainable) continue;
    if (p->dtype() == DType::float64) {
      doubles.push_back(p->gradient.as<double>().values());
      continue;
    }
    auto& gradient = p->gradient.as<float>();
    if (options.sparse_rows && has_many_rows(*p) && sum_rows(world, gradient, options.wire)) continue;
    floats.push_back(gradient.values());
  }
  if (!floats.empty()) world.sum(floats, options.wire);
  if (!doubles.empty()) world.sum(doubles);
}

void broadcast_values(World& world, std::span<const NamedParameter> parameters) {
  if (world.size() == 1) return;
  for (const auto& [path, p] : parameters) {
    Array& value = p->edit();
    const std::size_t bytes = static_cast<std::size_t>(value.size()) * size_of(value.dtype());
    const std::string first = world.broadcast({static_cast<const char*>(value.data()), bytes});
    require<StateError>(first.size() == bytes, "broadcast_values: '{}' has {} bytes on rank 0, {} here", path,
                        first.size(), bytes);
    std::memcpy(value.data(), first.data(), bytes);
  }
}

}  // namespace recur
