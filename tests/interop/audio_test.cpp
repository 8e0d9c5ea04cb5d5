#include <recur/interop/audio/coreaudioml.h>
#include <recur/interop/audio/nam.h>
#include <recur/interop/audio/rtneural.h>

#include <nlohmann/json.hpp>

#include <cmath>

#include "model_fixture.h"

using namespace recur;
using namespace recur::interop;

namespace {

// One unit of each gate is told by hand: z = [x, x, x, x]·[1, 2, 3, 4] + h·[…] + bias.
constexpr const char* lstm_of_one = R"({"in_shape":[null,null,1],"layers":[
  {"type":"lstm","activation":"","shape":[null,null,1],"weights":[[[1,2,3,4]],[[0.5,-0.5,0.25,1]],[0.1,0.2,0.3,0.4]]},
  {"type":"dense","activation":"","shape":[null,null,1],"weights":[[[2]],[0.5]]}]PATH})";

std::string with_path(const std::string& path) {
  std::string text = lstm_of_one;
  return text.replace(text.find("PATH"), 4, path);
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The equations of Keras, gates i, f, c, o.
double lstm_step(double x, double& h, double& c) {
  const double i = sigmoid(x + 0.5 * h + 0.1);
  const double f = sigmoid(2 * x - 0.5 * h + 0.2);
  const double g = std::tanh(3 * x + 0.25 * h + 0.3);
  const double o = sigmoid(4 * x + h + 0.4);
  c = f * c + i * g;
  h = o * std::tanh(c);
  return 2 * h + 0.5;
}

constexpr const char* plugin =
    R"({"class_name":"LSTM","config":{"units":8,"return_sequences":true,"stateful":true}},{"class_name":"Dense","config":{"units":1}})";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(audio_models, ModelFixture)

BOOST_AUTO_TEST_CASE(rtneural_is_read_in_keras_order) {
  write(file("m.json"), with_path(""));
  const ModelDescription read = import_model(file("m.json"));
  Sequential model = build(read);
  const Tensor<float> x = input(1, 6, 1);
  const Tensor<float> y = run(model, read, x);
  double h = 0;
  double c = 0;
  for (std::size_t t = 0; t < 6; ++t)
    BOOST_TEST(y.values()[t] == lstm_step(x.values()[t], h, c), boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(gains_and_skip_of_aidax_are_applied) {
  write(file("m.json"), with_path(R"(,"in_skip":1,"in_gain":6,"out_gain":-3,"metadata":{"samplerate":"44100"})"));
  const ModelDescription read = import_model(file("m.json"));
  BOOST_TEST(read.format == "AIDA-X JSON");
  BOOST_TEST(read.sample_rate == 48000);  // the plugin takes numbers only
  Sequential model = build(read);
  const Tensor<float> x = input(1, 4, 1);
  const Tensor<float> y = run(model, read, x);
  double h = 0;
  double c = 0;
  const double in = std::pow(10, 0.3);
  const double out = std::pow(10, -0.15);
  for (std::size_t t = 0; t < 4; ++t) {
    const double inside = in * static_cast<double>(x.values()[t]);
    BOOST_TEST(y.values()[t] == out * (lstm_step(inside, h, c) + inside), boost::test_tools::tolerance(1e-6));
  }
}

BOOST_AUTO_TEST_CASE(each_format_goes_out_and_in) {
  Sequential model = make(plugin, 1);
  ModelDescription description = about(1);
  write_rtneural(file("r.json"), model, description);
  BOOST_TEST(difference(model, description, file("r.json")) == 0.0);
  description.path.skip = 1;
  write_aidax(file("a.json"), model, description);
  BOOST_TEST(difference(model, description, file("a.json")) == 0.0);
  write_coreaudioml(file("c.json"), model, description);
  BOOST_TEST(difference(model, description, file("c.json")) < 1e-6);  // its two biases are added in another order
}

BOOST_AUTO_TEST_CASE(aidax_holds_the_answer_to_its_test) {
  Sequential model = make(plugin, 1);
  ModelDescription description = about(1);
  description.path.skip = 1;
  write_aidax(file("a.json"), model, description);
  const auto json = nlohmann::json::parse(read(file("a.json")));
  BOOST_REQUIRE_EQUAL(json["input_batch"].size(), 2048U);
  Tensor<float> x(Shape{1, 2048, 1});
  for (std::size_t i = 0; i < 2048; ++i) x.values()[i] = json["input_batch"][i].get<float>();
  const ModelDescription back = import_model(file("a.json"));
  Sequential other = build(back);
  const Tensor<float> y = run(other, back, x);
  for (std::size_t i = 0; i < 2048; ++i)
    BOOST_REQUIRE_SMALL(std::abs(y.values()[i] - json["output_batch"][i].get<double>()), 1e-6);
}

// A plugin starts where silence has led.
BOOST_AUTO_TEST_CASE(nam_rests_where_silence_leads) {
  Sequential model = make(R"({"class_name":"LSTM","config":{"units":3,"return_sequences":true,"stateful":true}},
    {"class_name":"LSTM","config":{"units":3,"return_sequences":true,"stateful":true}},{"class_name":"Dense","config":{"units":1}})",
                          1);
  write_nam(file("m.nam"), model, about(1));
  const ModelDescription back = import_model(file("m.nam"));
  BOOST_TEST(back.states.size() == 2U);
  Sequential other = build(back);
  const std::vector<NamedParameter> own = parameters(model);
  const std::vector<NamedParameter> back_again = parameters(other);
  BOOST_REQUIRE_EQUAL(own.size(), back_again.size());
  for (std::size_t i = 0; i < own.size(); ++i)
    BOOST_TEST(own[i].parameter->value().to_doubles() == back_again[i].parameter->value().to_doubles(),
               boost::test_tools::per_element());
  const Tensor<float> silence(Shape{1, 2, 1});
  const Tensor<float> y = run(other, back, silence);
  BOOST_TEST(std::abs(y.values()[0] - y.values()[1]) < 1e-6F);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  std::string bad = with_path("");
  bad.replace(bad.find("[0.1,0.2,0.3,0.4]"), 17, "[0.1,0.2,0.3]");
  BOOST_TEST(text_refused(bad, {"sizes that do not go together", "[3]", "[4]"}));
  BOOST_TEST(text_refused(R"({"in_shape":[1],"layers":[{"type":"conv1d","shape":[2],"weights":[]}]})",
                          {"conv1d", "not imported"}));
  BOOST_TEST(text_refused(
      R"({"in_shape":[1],"layers":[{"type":"dense","activation":"mish","shape":[1],"weights":[[[1]]]}]})", {"mish"}));
  BOOST_TEST(
      text_refused(R"({"in_shape":[1],"layers":[{"type":"dense","shape":[1],"weights":[[[1e99]]]}]})", {"finite"}));
  BOOST_TEST(text_refused("{\"in_shape\":[1],\n\"layers\":[1 2]}", {"not JSON", "line 2"}));
  BOOST_TEST(text_refused(R"({"version":"0.5.4","architecture":"WaveNet","config":{},"weights":[1]})",
                          {"WaveNet", "only LSTM"}));
  BOOST_TEST(text_refused(R"({"version":"1.0","architecture":"LSTM","config":{},"weights":[1]})", {"version 1.0"}));
  BOOST_TEST(text_refused(
      R"({"version":"0.5.4","architecture":"LSTM","config":{"input_size":1,"hidden_size":3,"num_layers":1},"weights":[1,2]})",
      {"2 are there", "70"}));
  BOOST_TEST(text_refused(R"({"model_data":{"model":"SimpleRNN","unit_type":"QRNN"},"state_dict":{}})", {"QRNN"}));
  BOOST_TEST(text_refused(R"({"a":1})", {"none of the known formats"}));
  BOOST_TEST(text_refused("{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}", {"nested"}));
}

BOOST_AUTO_TEST_CASE(what_a_format_has_no_place_for_is_refused) {
  Sequential large = make(
      R"({"class_name":"LSTM","config":{"units":9,"return_sequences":true}},{"class_name":"Dense","config":{"units":1}})",
      1);
  BOOST_CHECK_THROW(write_aidax(file("x"), large, about(1)), ValueError);
  Sequential last =
      make(R"({"class_name":"LSTM","config":{"units":8}},{"class_name":"Dense","config":{"units":1}})", 1);
  BOOST_CHECK_THROW(write_rtneural(file("x"), last, about(1)), ValueError);
  Sequential before =
      make(R"({"class_name":"GRU","config":{"units":8,"return_sequences":true,"reset_after":false}})", 1);
  BOOST_CHECK_THROW(write_rtneural(file("x"), before, about(1)), ValueError);
  Sequential gru = make(
      R"({"class_name":"GRU","config":{"units":8,"return_sequences":true}},{"class_name":"Dense","config":{"units":1}})",
      1);
  BOOST_CHECK_THROW(write_nam(file("x"), gru, about(1)), ValueError);
  ModelDescription skip = about(1);
  skip.path.skip = 1;
  BOOST_CHECK_THROW(write_rtneural(file("x"), gru, skip), ValueError);
  BOOST_TEST(!std::filesystem::exists(file("x")));
}

BOOST_AUTO_TEST_SUITE_END()
