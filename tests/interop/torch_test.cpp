#include <recur/interop/torch/pickle.h>
#include <recur/interop/torch/torch_file.h>
#include <recur/interop/torch/torch_layout.h>
#include <recur/io/zip_file.h>

#include <cstring>

#include "model_fixture.h"

using namespace recur;
using namespace recur::interop;
using namespace std::string_literals;

namespace {

std::string global(const std::string& module, const std::string& name) { return "c" + module + "\n" + name + "\n"; }
std::string text(const std::string& value) { return "X"s + static_cast<char>(value.size()) + "\0\0\0"s + value; }

// A tensor of `sizes` and `strides` (each already in opcodes) in storage "0" of `count` floats.
std::string tensor(int count, const std::string& sizes, const std::string& strides, int offset = 0) {
  return global("torch._utils", "_rebuild_tensor_v2") + "((" + text("storage") + global("torch", "FloatStorage") +
         text("0") + text("cpu") + "K" + static_cast<char>(count) + "tQK" + static_cast<char>(offset) + "(" + sizes +
         "t(" + strides + "t\x89" + global("collections", "OrderedDict") + ")RtR";
}
std::string dict_of(const std::string& items) { return "\x80\x02}(" + items + "u."; }

struct Fixture : ModelFixture {
  std::filesystem::path path = file("x.pt");

  void put(const std::string& pickle, std::size_t floats, const std::string& extra = "") const {
    ZipWriter zip;
    zip.add("x/data.pkl", pickle);
    std::string numbers(floats * sizeof(float), '\0');
    for (std::size_t i = 0; i < floats; ++i) {
      const auto value = static_cast<float>(i);
      std::memcpy(numbers.data() + i * sizeof(float), &value, sizeof(float));
    }
    zip.add("x/data/0", numbers);
    if (!extra.empty()) zip.add(extra, "x");
    zip.commit(path);
  }
  [[nodiscard]] std::vector<double> only_tensor() const { return load_torch(path).tensors.at(0).value.to_doubles(); }
  [[nodiscard]] bool pickle_refused(const std::string& pickle, const std::vector<std::string>& parts) const {
    put(pickle, 4);
    return refused(path, parts);
  }
};

constexpr const char* stack =
    R"({"class_name":"LSTM","config":{"name":"lstm","units":5,"return_sequences":true,"separate_bias":true}},
  {"class_name":"Dense","config":{"name":"head","units":2}})";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(torch_files, Fixture)

BOOST_AUTO_TEST_CASE(a_state_dict_goes_out_and_in) {
  Sequential model = make(stack, 3);
  std::vector<std::string> notes;
  save_torch(path, to_state_dict(model, notes));
  BOOST_TEST(difference(model, about(3), path) == 0.0);
  ImportOptions options;
  options.module =
      "Net(\n  (lstm): LSTM(3, 5, batch_first=True)\n  (head): Linear(in_features=5, out_features=2, bias=True)\n)";
  BOOST_TEST(difference(model, about(3), path, options) == 0.0);
}

BOOST_AUTO_TEST_CASE(both_directions_and_gru_go_out_and_in) {
  Sequential model = make(R"({"class_name":"Embedding","config":{"input_dim":6,"output_dim":3}},
    {"class_name":"Bidirectional","config":{"layer":{"class_name":"GRU","config":{"units":4,"return_sequences":true,"reset_after":true}}}},
    {"class_name":"Dense","config":{"units":2}})",
                          1);
  std::vector<std::string> notes;
  save_torch(path, to_state_dict(model, notes));
  const ModelDescription read = import_model(path);
  Sequential other = build(read);
  const std::vector<std::int32_t> ids = {0, 1, 5, 2};
  Tape tape;
  BOOST_TEST(model(tape, ids, {1, 4}).to_doubles() == other(tape, ids, {1, 4}).to_doubles(),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(views_of_a_storage_are_read) {
  put(dict_of(text("w") + tensor(6, "K\x02K\x02", "K\x01K\x03", 1)), 6);
  BOOST_TEST((only_tensor() == std::vector<double>{1, 4, 2, 5}));
  put(dict_of(text("w") + tensor(6, "K\x03", "K\0"s, 5)), 6);
  BOOST_TEST((only_tensor() == std::vector<double>{5, 5, 5}));
}

BOOST_AUTO_TEST_CASE(views_that_leave_their_storage_are_refused) {
  for (const std::string& bad : {tensor(6, "K\x07", "K\x01"), tensor(6, "K\x03", "K\x01", 4),
                                 tensor(6, "K\x02K\x02", "K\x05K\x01"), tensor(5, "K\x02", "K\x01")}) {
    put(dict_of(text("w") + bad), 6);
    BOOST_TEST(refused(path, {"storage"}));
  }
  put(dict_of(text("w") + tensor(6, "J\0\0\0\x7F"s, "K\0"s)), 6);
  BOOST_TEST(refused(path, {"eight times"}));
  put(dict_of(text("w") + tensor(6, "J\0\0\0\x7FJ\0\0\0\x7FJ\0\0\0\x7F"s, "K\0K\0K\0"s)), 6);
  BOOST_TEST(refused(path, {"eight times"}));
}

// The list of names is closed, whatever the reason given.
BOOST_AUTO_TEST_CASE(names_outside_the_list_are_refused) {
  const auto call = [](const std::string& module, const std::string& name) {
    return "\x80\x02" + global(module, name) + ")R.";
  };
  BOOST_TEST(pickle_refused(call("os", "system"), {"'os system'", "would run a program"}));
  BOOST_TEST(pickle_refused(call("builtins", "eval"), {"would run a program"}));
  BOOST_TEST(pickle_refused(call("torch._utils", "_rebuild_qtensor"), {"quantized"}));
  BOOST_TEST(pickle_refused(call("torch._utils", "_rebuild_sparse_tensor"), {"sparse"}));
  BOOST_TEST(pickle_refused(call("torch.nn.modules.rnn", "LSTM"), {"whole pickled module"}));
  BOOST_TEST(pickle_refused(call("__main__", "Net"), {"whole pickled module"}));
  BOOST_TEST(pickle_refused(call("pytorch_lightning.utilities.parsing", "AttributeDict"), {"Lightning"}));
  BOOST_TEST(pickle_refused(call("torch.nn.parameter", "Parameter"), {"whole pickled module"}));
}

BOOST_AUTO_TEST_CASE(broken_pickles_are_refused) {
  const std::vector<std::pair<std::string, std::string>> broken = {
      {"\x80\x02", "cut short"},           {"\x80\x01.", "protocol 1"},
      {"\x80\x02\x81.", "opcode 0x81"},    {"\x80\x02t.", "no mark"},
      {"\x80\x02}a.", "missing"},          {"\x80\x02]K\x01K\x02s.", "no dict"},
      {"\x80\x02h\x05.", "memo 5"},        {"\x80\x02K\x01K\x02.", "2 objects"},
      {"\x80\x02}u.", "no mark"},          {"\x80\x02}NNs.", "neither text"},
      {"\x80\x02}(.", "objects are left"}, {"\x80\x02X\xFF\xFF\xFF\xFFx", "cut short"},
      {"\x80\x02\x8A\x09", "9 bytes"},     {"\x80\x02]}b.", "given a state"}};
  for (const auto& [pickle, reason] : broken) BOOST_TEST(pickle_refused(pickle, {reason}), reason);
}

BOOST_AUTO_TEST_CASE(what_is_no_state_dict_is_refused) {
  BOOST_TEST(pickle_refused("\x80\x02].", {"no dict of tensors"}));
  BOOST_TEST(pickle_refused(dict_of(text("epoch") + "K\x03"), {"usual keys", "epoch"}));
  put(dict_of(text("w") + tensor(4, "K\x04", "K\x01")), 4, "x/constants.pkl");
  BOOST_TEST(refused(path, {"TorchScript"}));
  std::string tar(300, '\0');
  tar.replace(257, 5, "ustar");
  write(path, tar);
  BOOST_TEST(refused(path, {"tar archive"}));
}

BOOST_AUTO_TEST_CASE(the_stream_before_1_6_is_read) {
  std::string stream(torch_stream_magic());
  stream += "\x80\x02M\xE9\x03."s;
  stream += "\x80\x02}" + text("little_endian") + "\x88s.";
  std::string pickle = dict_of(text("w") + tensor(2, "K\x02", "K\x01"));
  pickle.insert(pickle.find("tQ"), "N");
  stream += pickle + "\x80\x02](" + text("0") + "e." + "\x02\0\0\0\0\0\0\0"s + "\0\0\x80\x3F\0\0\0\x40"s;
  write(path, stream);
  BOOST_TEST((only_tensor() == std::vector<double>{1, 2}));
  write(path, stream.substr(0, stream.size() - 1));
  BOOST_TEST(refused(path, {"cut short"}));
  write(path, stream + "x");
  BOOST_TEST(refused(path, {"1 bytes follow"}));
}

BOOST_AUTO_TEST_CASE(a_checkpoint_is_looked_through) {
  put(dict_of(text("epoch") + "K\x03" + text("state_dict") + "}(" + text("w") + tensor(4, "K\x04", "K\x01") + "u"), 4);
  BOOST_TEST(load_torch(path).notes.size() == 2U);
  BOOST_TEST(only_tensor().size() == 4U);
}

// What a wrapper puts before all names is left out where print(model) does not know it.
BOOST_AUTO_TEST_CASE(prefixes_of_wrappers_are_left_out) {
  Sequential model = make(stack, 3);
  std::vector<std::string> notes;
  ImportOptions options;
  options.module = "Net(\n  (lstm): LSTM(3, 5)\n  (head): Linear(in_features=5, out_features=2, bias=True)\n)";
  for (const char* prefix : {"module.", "model.", "module.model."}) {
    std::vector<NamedTensor> tensors = to_state_dict(model, notes);
    for (NamedTensor& tensor : tensors) tensor.name.insert(0, prefix);
    save_torch(path, tensors);
    BOOST_TEST(difference(model, about(3), path, options) == 0.0);
  }
}

BOOST_AUTO_TEST_CASE(a_cell_runs_over_the_sequence) {
  Sequential model = make(stack, 3);
  std::vector<std::string> notes;
  std::vector<NamedTensor> tensors = to_state_dict(model, notes);
  for (NamedTensor& tensor : tensors)
    if (tensor.name.ends_with("_l0")) tensor.name.resize(tensor.name.size() - 3);
  save_torch(path, tensors);
  BOOST_TEST(difference(model, about(3), path) == 0.0);
  ImportOptions options;
  options.module = "Net(\n  (lstm): LSTMCell(3, 5)\n  (head): Linear(in_features=5, out_features=2, bias=True)\n)";
  BOOST_TEST(difference(model, about(3), path, options) == 0.0);
}

BOOST_AUTO_TEST_CASE(functions_have_the_numbers_of_recur) {
  Sequential model = make(stack, 3);
  std::vector<std::string> notes;
  save_torch(path, to_state_dict(model, notes));
  const auto with = [](const std::string& function) {
    ImportOptions options;
    options.module = "Net((lstm): LSTM(3, 5) (head): Linear(in_features=5, out_features=2) (f): " + function + ")";
    return options;
  };
  for (const char* known :
       {"SELU()", "Mish()", "Hardswish()", "ReLU6()", "LogSigmoid()", "LeakyReLU(negative_slope=0.2)"})
    BOOST_CHECK_NO_THROW((void)build(import_model(path, with(known))));
  BOOST_TEST(difference(model, about(3), path, with("Identity()")) == 0.0);
  BOOST_TEST(refused(path, {"negative_slope = 0.01", "0.2"}, with("LeakyReLU(negative_slope=0.01)")));
  BOOST_TEST(refused(path, {"GELU by tanh"}, with("GELU(approximate='tanh')")));
}

BOOST_AUTO_TEST_CASE(weights_and_modules_must_agree) {
  Sequential model = make(stack, 3);
  std::vector<std::string> notes;
  std::vector<NamedTensor> tensors = to_state_dict(model, notes);
  tensors.erase(tensors.begin() + 3);
  save_torch(path, tensors);
  BOOST_TEST(refused(path, {"lstm.bias_hh_l0", "missing"}));
  ImportOptions options;
  options.module = "Net(\n  (lstm): LSTM(3, 5)\n)";
  save_torch(path, to_state_dict(model, notes));
  BOOST_TEST(refused(path, {"no module uses", "head.weight"}, options));
  options.module = "Net(\n  (head): Linear(in_features=5, out_features=2, bias=True)\n  (lstm): LSTM(3, 5)\n)";
  BOOST_TEST(refused(path, {"takes 3 features", "gives 2"}, options));
  options.module = "Net(\n  (lstm): LSTM(3, 5)\n  (head): Conv1d(1, 2, kernel_size=(3,))\n)";
  BOOST_TEST(refused(path, {"'head.weight' has shape"}, options));
}

BOOST_AUTO_TEST_SUITE_END()
