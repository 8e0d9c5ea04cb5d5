#pragma once

#include "ranks.h"
#include "toy_data.h"

#include <boost/test/unit_test.hpp>

#include <mutex>

namespace small_training {

inline const TrainerOptions quiet{.epochs = 3, .progress = false};

// The parameters of all ranks after `train(world, model)`; those of rank 0 if all are equal, otherwise nothing.
inline std::vector<double> on_all(int ranks, const std::function<void(World&, Sequential&)>& train,
                                  DType dtype = DType::float32, double dropout = 0) {
  std::vector<std::vector<double>> all(static_cast<std::size_t>(ranks));
  for (const std::string& thrown : on_ranks(ranks, [&](World& world) {
         Sequential model = model_of(dtype, dropout);
         train(world, model);
         all[static_cast<std::size_t>(world.rank())] = values_of(model);
       }))
    BOOST_TEST(thrown == "");
  for (const auto& one : all)
    if (one != all[0]) return {};
  return all[0];
}

}  // namespace small_training
