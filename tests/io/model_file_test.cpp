#include <recur/io/file_format.h>
#include <recur/io/model_file.h>

#include <boost/test/unit_test.hpp>

#include "../temporary_directory.h"

using namespace recur;

namespace {

struct Model {
  Parameter kernel{"kernel"};
  Parameter bias{"bias"};

  explicit Model(DType dtype = DType::float32, Shape shape = {2, 3}) {
    kernel.create(shape, dtype);
    bias.create({3}, dtype);
  }
  void visit(ParameterVisitor& v) { v(kernel, bias); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(model_file, TemporaryDirectory)

BOOST_AUTO_TEST_CASE(parameters_come_back_and_count_as_changed) {
  Model saved;
  saved.kernel.edit().assign(std::vector<double>{1, 2, 3, 4, 5, 0.1});
  save_parameters(file("m"), parameters(saved), {{"epoch", "7"}});
  Model loaded;
  const auto version = loaded.kernel.version();
  BOOST_TEST((load_parameters(file("m"), parameters(loaded)) == Metadata{{"epoch", "7"}}));
  BOOST_TEST(loaded.kernel.value().to_doubles() == saved.kernel.value().to_doubles(), boost::test_tools::per_element());
  BOOST_TEST(loaded.kernel.version() > version);
}

BOOST_AUTO_TEST_CASE(number_types_are_converted) {
  Model doubles(DType::float64);
  doubles.kernel.edit().fill(0.1);
  save_parameters(file("m"), parameters(doubles));
  Model floats;
  load_parameters(file("m"), parameters(floats));
  BOOST_TEST(floats.kernel.value().as<float>()(1, 1) == 0.1F);
  save_parameters(file("m"), parameters(floats));
  load_parameters(file("m"), parameters(doubles));
  BOOST_TEST(doubles.kernel.value().as<double>()(1, 1) == static_cast<double>(0.1F));
}

BOOST_AUTO_TEST_CASE(all_differences_are_named_at_once_and_nothing_is_loaded) {
  const Array wrong(Shape{3, 2}, DType::float32);
  const Array other(Shape{4}, DType::float32);
  save_safetensors(file("m"), std::vector<NamedArray>{{"kernel", &wrong}, {"extra", &other}, {"more", &other}});
  Model model;
  model.kernel.edit().fill(5);
  const auto version = model.kernel.version();
  BOOST_CHECK_EXCEPTION(load_parameters(file("m"), parameters(model)), FormatError, [&](const FormatError& error) {
    const std::string message = error.what();
    BOOST_TEST_INFO(message);
    bool all = true;
    for (const char* part : {"missing in the file: bias", "not in the model: extra [4], more [4]",
                             "kernel ([3, 2] in the file, [2, 3] in the model)"})
      all = all && message.find(part) != std::string::npos;
    return all && message.find(file("m").string()) != std::string::npos;
  });
  BOOST_TEST(model.kernel.version() == version);
  BOOST_TEST(model.kernel.value().as<float>()(0, 0) == 5);
}

BOOST_AUTO_TEST_CASE(an_empty_list_of_parameters_is_refused) {
  Model model;
  save_parameters(file("m"), parameters(model));
  BOOST_CHECK_EXCEPTION(load_parameters(file("m"), {}), ValueError, [](const ValueError& error) {
    return std::string_view(error.what()).find("make the list after build()") != std::string_view::npos;
  });
}

BOOST_AUTO_TEST_CASE(one_tensor_that_does_not_fit_keeps_all_others_out) {
  Model saved(DType::float32, {2, 4});
  saved.bias.edit().fill(1);
  save_parameters(file("m"), parameters(saved));
  Model model;
  BOOST_CHECK_THROW(load_parameters(file("m"), parameters(model)), FormatError);
  BOOST_TEST(model.bias.value().as<float>()(0) == 0);
}

// Every changed byte of the numbers is found, and no other program's file is asked for a checksum.
BOOST_AUTO_TEST_CASE(a_damaged_file_is_refused) {
  Model model;
  save_parameters(file("m"), parameters(model));
  const std::string bytes = read(file("m"));
  for (std::size_t from_end = 1; from_end <= 9 * sizeof(float); ++from_end) {
    std::string changed = bytes;
    changed[bytes.size() - from_end] ^= 1;
    write(file("damaged"), changed);
    BOOST_CHECK_EXCEPTION(load_parameters(file("damaged"), parameters(model)), FormatError, [](const FormatError& e) {
      return std::string(e.what()).find("is damaged") != std::string::npos;
    });
  }
  const std::vector<NamedArray> arrays = {{"kernel", &model.kernel.value()}, {"bias", &model.bias.value()}};
  save_safetensors(file("other"), arrays);
  load_parameters(file("other"), parameters(model));
}

BOOST_AUTO_TEST_CASE(a_file_of_a_newer_program_is_refused_as_such) {
  Model model;
  save_parameters(file("m"), parameters(model));
  std::string bytes = read(file("m"));
  const std::string mark = R"("recur.model":"1")";
  bytes.replace(bytes.find(mark), mark.size(), R"("recur.model":"2")");
  write(file("m"), bytes);
  BOOST_CHECK_THROW(load_parameters(file("m"), parameters(model)), VersionError);
  BOOST_CHECK_THROW((void)load_some_parameters(file("m"), parameters(model)), VersionError);
}

BOOST_AUTO_TEST_CASE(what_is_common_is_loaded_and_the_rest_is_listed) {
  const Array kernel(Shape{2, 3}, DType::float32);
  const Array bias(Shape{4}, DType::float32);
  save_safetensors(file("m"), std::vector<NamedArray>{{"kernel", &kernel}, {"bias", &bias}, {"extra", &bias}});
  Model model;
  Parameter late("late");
  late.create({1}, DType::float32);
  model.kernel.edit().fill(5);
  model.bias.edit().fill(5);
  auto list = parameters(model);
  list.push_back({"late", &late});
  const PartialLoad left = load_some_parameters(file("m"), list);
  using Names = std::vector<std::string>;
  BOOST_TEST(left.missing == Names{"late"}, boost::test_tools::per_element());
  BOOST_TEST(left.unexpected == Names{"extra"}, boost::test_tools::per_element());
  BOOST_TEST(left.misshaped == Names{"bias"}, boost::test_tools::per_element());
  BOOST_TEST(model.kernel.value().as<float>()(0, 0) == 0);
  BOOST_TEST(model.bias.value().as<float>()(0) == 5);
}

BOOST_AUTO_TEST_CASE(parameters_without_shape_are_refused) {
  Parameter unbuilt("w");
  const std::vector<NamedParameter> list{{"w", &unbuilt}};
  BOOST_CHECK_THROW(save_parameters(file("m"), list), StateError);
  BOOST_CHECK_THROW(load_parameters(file("m"), list), StateError);
}

BOOST_AUTO_TEST_SUITE_END()
