#include "../support.h"

#include <recur/framework/gemm/gemm.h>
#include <recur/layers/inference/kernels.h>
#include <recur/layers/inference/packing.h>

using namespace recur;
using namespace recur::detail;

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// The kernels that this machine can run.
std::vector<const InferenceKernels*> runnable(bool int8) {
  std::vector<const InferenceKernels*> list = {portable_inference_kernels(int8)};
  if (best_gemm_target() != GemmTarget::portable) list.push_back(avx2_inference_kernels(int8));
  if (best_gemm_target() == GemmTarget::avx512) list.push_back(avx512_inference_kernels(int8));
  std::erase(list, nullptr);
  return list;
}

std::vector<float> random(std::size_t count, std::uint64_t seed) {
  std::vector<float> numbers(count);
  Generator(seed).fill_uniform(std::span<float>(numbers));
  for (float& x : numbers) x -= 0.5F;
  return numbers;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inference_kernels)

// Rows and columns that fill tiles and that do not, against plain sums in double.
BOOST_AUTO_TEST_CASE(products) {
  for (const bool int8 : {false, true})
    for (const InferenceKernels* kernels : runnable(int8))
      for (const Index rows : {1, 2, 7, 13})
        for (const Index registers : {1, 4}) {
          const Index count = 11;
          const Index panels = 3;
          const Index columns = panels * registers * kernels->lanes;
          const auto w = random(static_cast<std::size_t>(count * columns), 1);
          const auto a = random(static_cast<std::size_t>(rows * count), 2);
          const auto bias = random(static_cast<std::size_t>(columns), 3);
          ColumnOrder order;
          for (Index c = 0; c < columns; ++c) order.push_back(c);
          std::vector<float> scales(int8 ? order.size() : 0);
          if (int8) widen_scales({w, count, columns}, order, scales);
          const PackedWeights packed = pack({w, count, columns}, order, registers, kernels->lanes, scales);
          std::vector<float> z(static_cast<std::size_t>(rows * columns));
          PanelCall call{};
          call.terms[0] = {a.data(), count, count, packed.data()};
          call.term_count = 1;
          call.panels = panels;
          call.rows = rows;
          call.bias = bias.data();
          call.scales = scales.data();
          call.output = z.data();
          call.output_stride = columns;
          (registers == 4 ? kernels->product4 : kernels->product1)(call);
          for (Index r = 0; r < rows; ++r)
            for (Index c = 0; c < columns; ++c) {
              double sum = static_cast<double>(bias[static_cast<std::size_t>(c)]);
              for (Index k = 0; k < count; ++k)
                sum += static_cast<double>(a[static_cast<std::size_t>(r * count + k)]) *
                       static_cast<double>(w[static_cast<std::size_t>(k * columns + c)]);
              // Rounding to 8 bits moves each of the products by at most 0.5 · 0.5 / 254.
              BOOST_REQUIRE_SMALL(static_cast<double>(z[static_cast<std::size_t>(r * columns + c)]) - sum,
                                  int8 ? static_cast<double>(count) * 0.25 / 254 : 1e-5);
            }
        }
}

BOOST_AUTO_TEST_CASE(steps_of_an_lstm) {
  for (const InferenceKernels* kernels : runnable(false))
    for (const Index rows : {1, 4}) {
      const Index units = 2 * kernels->lanes;
      const Index columns = 4 * units;
      const auto w = random(static_cast<std::size_t>(units * columns), 1);
      const auto h = random(static_cast<std::size_t>(rows * units), 2);
      const auto bias = random(static_cast<std::size_t>(columns), 3);
      const auto before = random(static_cast<std::size_t>(rows * units), 4);
      std::vector<float> c = before;
      std::vector<float> y(h.size());
      ColumnOrder order;
      for (Index c0 = 0; c0 < columns; ++c0) order.push_back(c0);  // panels of the gates i, f, g, o
      const PackedWeights packed = pack({w, units, columns}, order, 4, kernels->lanes, {});
      PanelCall call{};
      call.terms[0] = {h.data(), units, units, packed.data()};
      call.term_count = 1;
      call.panels = 2;
      call.rows = rows;
      call.bias = bias.data();
      call.output = y.data();
      call.output_stride = units;
      call.state = c.data();
      call.state_stride = units;
      kernels->lstm(call);
      const auto z = [&](Index row, Index column) {
        double sum = static_cast<double>(bias[static_cast<std::size_t>(column)]);
        for (Index k = 0; k < units; ++k)
          sum += static_cast<double>(h[static_cast<std::size_t>(row * units + k)]) *
                 static_cast<double>(w[static_cast<std::size_t>(k * columns + column)]);
        return sum;
      };
      for (Index row = 0; row < rows; ++row)
        for (Index unit = 0; unit < units; ++unit) {
          const Index first = unit / kernels->lanes * 4 * kernels->lanes + unit % kernels->lanes;
          const auto at = static_cast<std::size_t>(row * units + unit);
          const double state = sigmoid(z(row, first + kernels->lanes)) * static_cast<double>(before[at]) +
                               sigmoid(z(row, first)) * std::tanh(z(row, first + 2 * kernels->lanes));
          BOOST_REQUIRE_SMALL(static_cast<double>(c[at]) - state, 1e-5);
          BOOST_REQUIRE_SMALL(
              static_cast<double>(y[at]) - sigmoid(z(row, first + 3 * kernels->lanes)) * std::tanh(state), 1e-5);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
