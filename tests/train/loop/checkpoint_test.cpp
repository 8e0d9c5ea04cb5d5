#include "../temporary_directory.h"

#include <recur/framework/tensor/error.h>
#include <recur/framework/tensor/random.h>
#include <recur/train/loop/checkpoint.h>

#include <boost/test/unit_test.hpp>

#include <cstring>

namespace {

using namespace recur;

TrainingState some_state() {
  TrainingState state;
  Tensor<float> weights({3, 5});
  Generator(1).fill_normal(weights.values());
  state.arrays["weights"] = std::move(weights);
  state.arrays["slot"] = Array({2}, DType::float64);
  state.arrays["slot"].fill(0.1);
  state.texts = {{"epoch", "3"}, {"", "empty name"}, {"note", "ü\n\"quoted\""}};
  return state;
}

bool same(const TrainingState& a, const TrainingState& b) {
  if (a.texts != b.texts || a.arrays.size() != b.arrays.size()) return false;
  for (const auto& [name, array] : a.arrays) {
    const Array& other = b.arrays.at(name);
    if (array.dtype() != other.dtype() || array.shape() != other.shape()) return false;
    if (std::memcmp(array.data(), other.data(), static_cast<std::size_t>(array.size()) * size_of(array.dtype())) != 0)
      return false;
  }
  return true;
}

BOOST_AUTO_TEST_SUITE(checkpoint)

BOOST_AUTO_TEST_CASE(comes_back_bit_for_bit) {
  const TemporaryDirectory folder;
  const auto path = folder.file("c.safetensors");
  save_checkpoint(path, some_state());
  BOOST_TEST(same(load_checkpoint(path), some_state()));
}

// Every byte of the file matters: a change is refused, or does not change what is read (white space in the header).
BOOST_AUTO_TEST_CASE(damage_is_refused) {
  const TemporaryDirectory folder;
  const auto path = folder.file("c.safetensors");
  save_checkpoint(path, some_state());
  const std::string bytes = TemporaryDirectory::read(path);
  const auto damaged = folder.file("damaged.safetensors");
  std::size_t refused = 0;
  const auto check = [&](const std::string& changed) {
    TemporaryDirectory::write(damaged, changed);
    try {
      BOOST_TEST(same(load_checkpoint(damaged), some_state()));
    } catch (const FormatError&) {
      ++refused;
    }
  };
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const int bit : {0, 5}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      check(changed);
    }
  for (std::size_t length = 0; length < bytes.size(); ++length) check(bytes.substr(0, length));
  BOOST_TEST(refused > 3 * bytes.size() - 200);
}

BOOST_AUTO_TEST_CASE(other_files_are_no_checkpoints) {
  const TemporaryDirectory folder;
  const auto path = folder.file("model.safetensors");
  const TrainingState state = some_state();
  const std::vector<NamedArray> arrays = {{"weights", &state.arrays.at("weights")}};
  save_safetensors(path, arrays);
  BOOST_CHECK_EXCEPTION((void)load_checkpoint(path), FormatError, [](const FormatError& error) {
    return std::string(error.what()).find("is no checkpoint") != std::string::npos;
  });
  BOOST_CHECK_THROW((void)load_checkpoint(folder.file("missing")), FormatError);
}

BOOST_AUTO_TEST_CASE(a_folder_keeps_the_newest) {
  const TemporaryDirectory folder;
  const CheckpointFolder checkpoints({.directory = folder.file("deep/er"), .keep = 2});
  BOOST_TEST(!checkpoints.newest().has_value());
  for (const Index step : {5, 90, 1'000'000'000}) checkpoints.save(step, some_state());
  TemporaryDirectory::write(folder.file("deep/er/checkpoint-x.safetensors"), "not one of them");
  BOOST_TEST(checkpoints.newest()->filename() == "checkpoint-1000000000.safetensors");
  BOOST_TEST(!std::filesystem::exists(folder.file("deep/er/checkpoint-000000005.safetensors")));
  BOOST_TEST(std::filesystem::exists(folder.file("deep/er/checkpoint-000000090.safetensors")));
  BOOST_CHECK_THROW(CheckpointFolder({.directory = folder.directory(), .keep = 0}), ValueError);
  BOOST_CHECK_THROW(CheckpointFolder({.directory = folder.file("deep/er/checkpoint-x.safetensors")}), FormatError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
