#pragma once

#include <recur/interop/import.h>
#include <recur/layers/config/config.h>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "../temporary_directory.h"

/// Models to be written and read again, and what is checked of both.
struct ModelFixture : TemporaryDirectory {
  /// A built model of this config's layers with random weights.
  static recur::Sequential make(const std::string& layers, recur::Index features) {
    const recur::AnyLayer whole =
        recur::layer_from_config(R"({"class_name":"Sequential","config":{"layers":[)" + layers + "]}}");
    recur::Sequential model(std::move(whole.as<recur::Sequential>().layers()));
    recur::Builder builder(features, recur::DType::float32, recur::Generator(7));
    model.build(builder);
    recur::Generator random(11);
    for (const recur::NamedParameter& p : recur::parameters(model)) {
      std::vector<double> values(static_cast<std::size_t>(p.parameter->size()));
      for (double& value : values) value = random.uniform() - 0.5;
      p.parameter->edit().assign(values);
    }
    return model;
  }
  static recur::interop::ModelDescription about(recur::Index features) {
    recur::interop::ModelDescription description;
    description.features = features;
    return description;
  }
  static recur::Tensor<float> input(recur::Index batch, recur::Index time, recur::Index features) {
    recur::Tensor<float> x(recur::Shape{batch, time, features});
    recur::Generator random(3);
    for (float& value : x.values()) value = static_cast<float>(random.uniform() * 2 - 1);
    return x;
  }
  /// Largest difference of the outputs of a model and of what a file of it holds.
  static double difference(recur::Sequential& model, const recur::interop::ModelDescription& description,
                           const std::filesystem::path& path, const recur::interop::ImportOptions& options = {}) {
    const recur::interop::ModelDescription read = recur::interop::import_model(path, options);
    recur::Sequential other = recur::interop::build(read);
    const recur::Tensor<float> x = input(2, 5, description.features);
    const recur::Tensor<float> a = recur::interop::run(model, description, x);
    const recur::Tensor<float> b = recur::interop::run(other, read, x);
    BOOST_REQUIRE_EQUAL(a.size(), b.size());
    double worst = 0;
    for (std::size_t i = 0; i < a.values().size(); ++i)
      worst = std::max(worst, static_cast<double>(std::abs(a.values()[i] - b.values()[i])));
    return worst;
  }
  /// Whether the file is refused with all of `parts` in the message.
  static bool refused(const std::filesystem::path& path, const std::vector<std::string>& parts,
                      const recur::interop::ImportOptions& options = {}) {
    try {
      (void)recur::interop::build(recur::interop::import_model(path, options));
    } catch (const recur::Error& error) {
      const std::string message = error.what();
      for (const std::string& part : parts)
        if (message.find(part) == std::string::npos) {
          BOOST_TEST_MESSAGE("'" << part << "' is not in: " << message);
          return false;
        }
      return true;
    }
    BOOST_TEST_MESSAGE("was accepted");
    return false;
  }
  [[nodiscard]] bool text_refused(const std::string& text, const std::vector<std::string>& parts) const {
    write(file("refused.json"), text);
    return refused(file("refused.json"), parts);
  }
};
