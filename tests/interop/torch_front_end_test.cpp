// Conv1d, BatchNorm1d and pooling of PyTorch.

#include <recur/interop/torch/torch_file.h>
#include <recur/interop/torch/torch_layout.h>

#include <algorithm>
#include <cmath>

#include "model_fixture.h"

using namespace recur;
using namespace recur::interop;

namespace {

/// Numbers ½ sin(i + 1 + 10 n) for tensor n; a variance is 0.5, 0.6 …
NamedTensor made(const std::string& name, const Shape& shape, int n) {
  std::vector<double> values(static_cast<std::size_t>(shape.count()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<double>(i);
    values[i] = name.ends_with("running_var") ? 0.5 + 0.1 * at : 0.5 * std::sin(at + 1 + 10.0 * n);
  }
  Array array(shape, DType::float32);
  array.assign(std::span<const double>(values));
  return {name, std::move(array)};
}

std::vector<NamedTensor> front_end() {
  std::vector<NamedTensor> tensors;
  const auto add = [&](const char* name, const Shape& shape) {
    tensors.push_back(made(name, shape, static_cast<int>(tensors.size())));
  };
  add("conv.weight", {3, 2, 3});
  add("conv.bias", {3});
  add("norm.weight", {3});
  add("norm.bias", {3});
  add("norm.running_mean", {3});
  add("norm.running_var", {3});
  add("second.weight", {2, 3, 2});
  add("second.bias", {2});
  return tensors;
}

constexpr const char* layers = R"(  (conv): Conv1d(2, 3, kernel_size=(3,), stride=(1,), padding=(2,), dilation=(2,))
  (norm): BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  (relu): ReLU()
  (pool): MaxPool1d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  (second): Conv1d(3, 2, kernel_size=(2,), stride=(2,))
)";

Tensor<float> waves() {
  Tensor<float> x(Shape{2, 13, 2});
  for (std::size_t i = 0; i < x.values().size(); ++i)
    x.values()[i] = static_cast<float>(std::sin(0.7 * static_cast<double>(i)));
  return x;
}

struct Fixture : ModelFixture {
  std::filesystem::path path = file("x.pt");

  static ImportOptions described(const std::string& modules) {
    ImportOptions options;
    options.module = "Sequential(\n" + modules + ")";
    return options;
  }
  void check(const ImportOptions& options, const std::vector<double>& wanted) const {
    const ModelDescription read = import_model(path, options);
    Sequential model = build(read);
    const Tensor<float> y = run(model, read, waves());
    BOOST_REQUIRE_EQUAL(y.values().size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
      BOOST_TEST(std::abs(static_cast<double>(y.values()[i]) - wanted[i]) < 1e-6);  // float sums in another order
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(torch_front_end, Fixture)

// What PyTorch 1.13 computes of these numbers.
BOOST_AUTO_TEST_CASE(a_front_end_computes_what_pytorch_does) {
  std::vector<NamedTensor> tensors = front_end();
  save_torch(path, tensors);
  check(described(layers), {0.7124542, 0.3465974, 0.7069200, 0.3381337, 0.7089606, 0.3369698, 0.7316170, 0.3664858,
                            0.7088697, 0.3381341, 0.7068003, 0.3360738});
  tensors.push_back(made("head.weight", {2, 2}, 8));
  tensors.push_back(made("head.bias", {2}, 9));
  save_torch(path, tensors);
  std::string modules(layers);
  modules.append(R"(  (mean): AdaptiveAvgPool1d(output_size=1)
  (flat): Flatten(start_dim=1, end_dim=-1)
  (head): Linear(in_features=2, out_features=2, bias=True)
)");
  check(described(modules), {-0.1171040, 0.0786178, -0.1181021, 0.0839975});
}

BOOST_AUTO_TEST_CASE(modules_are_told_by_their_tensors) {
  save_torch(path, front_end());
  const ModelDescription read = import_model(path);
  BOOST_TEST(read.features == 2);
  const auto has = [&](const std::string& part) {
    return std::ranges::any_of(read.notes, [&](const std::string& note) { return note.find(part) != note.npos; });
  };
  BOOST_TEST(has("'conv' has PyTorch's defaults: stride 1, no padding, dilation 1"));
  BOOST_TEST(has("'norm' has PyTorch's default eps"));
  BOOST_TEST(has("takes [batch, channels, time]"));
}

BOOST_AUTO_TEST_CASE(a_front_end_goes_out_and_in) {
  Sequential model = make(
      R"({"class_name":"Conv1D","config":{"name":"conv","filters":4,"kernel_size":3,"padding":"same","dilation_rate":2,"activation":"linear"}},
    {"class_name":"BatchNormalization","config":{"name":"norm","momentum":0.9,"epsilon":1e-4}},
    {"class_name":"Conv1D","config":{"name":"second","filters":2,"kernel_size":2,"strides":2,"use_bias":false}})",
      3);
  for (const NamedParameter& p : parameters(model))  // a variance is positive
    if (p.path.ends_with("moving_variance")) p.parameter->edit().fill(0.7);
  std::vector<std::string> notes;
  save_torch(path, to_state_dict(model, notes));
  BOOST_TEST(difference(model, about(3), path,
                        described("  (conv): Conv1d(3, 4, kernel_size=(3,), stride=(1,), padding=same, dilation=(2,))\n"
                                  "  (norm): BatchNorm1d(4, eps=0.0001, momentum=0.1)\n"
                                  "  (second): Conv1d(4, 2, kernel_size=(2,), stride=(2,), bias=False)\n")) == 0.0);
  BOOST_TEST(notes.size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_recur_has_not_is_refused) {
  save_torch(path, front_end());
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = layers;
    text.replace(text.find(from), from.size(), to);
    return described(text);
  };
  BOOST_TEST(refused(path, {"'conv' pads 1 steps"}, with("padding=(2,)", "padding=(1,)")));
  BOOST_TEST(refused(path, {"'conv' has groups"}, with("dilation=(2,)", "dilation=(2,), groups=2")));
  BOOST_TEST(refused(path, {"pads with other numbers"}, with("dilation=(2,)", "dilation=(2,), padding_mode=circular")));
  BOOST_TEST(refused(path, {"'pool' pads"}, with("padding=0, dilation=1", "padding=1, dilation=1")));
  BOOST_TEST(refused(path, {"'pool' (MaxPool1d)", "first module"}, described("  (pool): MaxPool1d(kernel_size=2)\n")));
}

BOOST_AUTO_TEST_SUITE_END()
