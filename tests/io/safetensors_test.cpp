#include <recur/framework/tensor/random.h>
#include <recur/io/safetensors.h>

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "../temporary_directory.h"

using namespace recur;

namespace {

// A file made by hand from the description of the format, not by the code under test.
std::string file_bytes(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>((header.size() >> (8 * i)) & 0xFFU);
  return bytes + header + data;
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

struct Fixture : TemporaryDirectory {
  std::filesystem::path path = file("x.safetensors");
  void put(const std::string& header, const std::string& data) const { write(path, file_bytes(header, data)); }

  // Whether loading fails with a message that names the file, a byte and all of `parts`.
  [[nodiscard]] bool refused(const std::vector<std::string>& parts) const {
    try {
      (void)load_safetensors(path);
      return false;
    } catch (const FormatError& error) {
      const std::string message = error.what();
      bool all = message.find(path.string()) != std::string::npos && message.find("byte ") != std::string::npos;
      for (const std::string& part : parts) all = all && message.find(part) != std::string::npos;
      BOOST_TEST_INFO(message);
      BOOST_CHECK(all);
      return all;
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(safetensors, Fixture)

// Counters and masks beside the parameters, as PyTorch writes them.
BOOST_AUTO_TEST_CASE(whole_numbers_are_kept_apart) {
  put(R"({"a":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"b":{"dtype":"I8","shape":[1],"data_offsets":[16,17]},)"
      R"("c":{"dtype":"BOOL","shape":[],"data_offsets":[17,18]},"d":{"dtype":"U16","shape":[1],"data_offsets":[18,20]},)"
      R"("e":{"dtype":"F32","shape":[1],"data_offsets":[20,24]},"f":{"dtype":"I32","shape":[0],"data_offsets":[24,24]}})",
      raw<std::int64_t>({-5, 1LL << 40}) + raw<std::int8_t>({-1}) + raw<std::uint8_t>({1}) +
          raw<std::uint16_t>({65535}) + raw({2.0F}));
  const SafetensorsFile file = load_safetensors(path);
  BOOST_TEST(file.arrays.size() == 1U);
  BOOST_TEST(file.integers.size() == 5U);
  BOOST_TEST(file.integers.at("a")(0) == -5);
  BOOST_TEST(file.integers.at("a")(1) == Index{1} << 40);
  BOOST_TEST(file.integers.at("b")(0) == -1);
  BOOST_TEST(file.integers.at("c").data()[0] == 1);
  BOOST_TEST(file.integers.at("d")(0) == 65535);
  BOOST_TEST(file.integers.at("f").size() == 0);
}

BOOST_AUTO_TEST_CASE(reads_a_file_made_by_hand) {
  put(R"({"__metadata__":{"made by":"hand"},"b":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
      R"("a":{"shape":[],"data_offsets":[16,24],"dtype":"F64"}}   )",
      raw({1.0F, 2.0F, 3.0F, 4.0F}) + raw({0.1}));
  const SafetensorsFile file = load_safetensors(path);
  BOOST_TEST(file.arrays.size() == 2U);
  BOOST_TEST((file.arrays.at("a").shape() == Shape{}));
  BOOST_TEST(file.arrays.at("a").as<double>().data()[0] == 0.1);
  BOOST_TEST((file.arrays.at("b").shape() == Shape{2, 2}));
  BOOST_TEST(file.arrays.at("b").as<float>()(1, 0) == 3.0F);
  BOOST_TEST(file.metadata.at("made by") == "hand");
}

BOOST_AUTO_TEST_CASE(writes_the_bytes_of_the_format) {
  const Array ones(Tensor<float>({2}, {1.0F, -1.0F}));
  save_safetensors(path, std::vector<NamedArray>{{"x", &ones}});
  const std::string header = R"({"x":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}})";
  std::string padded = header;
  padded.resize((header.size() + 7) / 8 * 8, ' ');
  BOOST_TEST(read(path) == file_bytes(padded, raw({1.0F, -1.0F})));
}

BOOST_AUTO_TEST_CASE(what_was_written_is_read_back_bit_for_bit) {
  Generator generator(1);
  Array floats(Shape{3, 1, 5}, DType::float32);
  Array doubles(Shape{7}, DType::float64);
  generator.fill_normal(floats.as<float>().values());
  generator.fill_normal(doubles.as<double>().values());
  floats.as<float>().data()[0] = std::numeric_limits<float>::quiet_NaN();
  floats.as<float>().data()[1] = -0.0F;
  const Array empty(Shape{0, 4}, DType::float32);
  save_safetensors(path, std::vector<NamedArray>{{"f", &floats}, {"a/d \"é\"", &doubles}, {"", &empty}},
                   {{"epoch", "3"}, {"note", "line\nbreak"}});
  const SafetensorsFile file = load_safetensors(path);
  BOOST_TEST((file.metadata == Metadata{{"epoch", "3"}, {"note", "line\nbreak"}}));
  BOOST_TEST((file.arrays.at("f").shape() == Shape{3, 1, 5}));
  BOOST_TEST(std::memcmp(file.arrays.at("f").data(), floats.data(), 15 * sizeof(float)) == 0);
  BOOST_TEST(std::memcmp(file.arrays.at("a/d \"é\"").data(), doubles.data(), 7 * sizeof(double)) == 0);
  BOOST_TEST((file.arrays.at("").shape() == Shape{0, 4}));
}

BOOST_AUTO_TEST_CASE(no_arrays_at_all_is_a_file_too) {
  save_safetensors(path, {}, {});
  BOOST_TEST(load_safetensors(path).arrays.empty());
}

BOOST_AUTO_TEST_CASE(half_precision_becomes_float32) {
  put(R"({"h":{"dtype":"F16","shape":[7],"data_offsets":[0,14]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[14,18]}})",
      raw<std::uint16_t>({0x3C00, 0xC000, 0x0001, 0x7BFF, 0x7C00, 0x7E00, 0x8000}) +
          raw<std::uint16_t>({0x3F80, 0xC049}));
  const SafetensorsFile file = load_safetensors(path);
  const float* h = file.arrays.at("h").as<float>().data();
  BOOST_TEST(h[0] == 1.0F);
  BOOST_TEST(h[1] == -2.0F);
  BOOST_TEST(h[2] == 0x1p-24F);
  BOOST_TEST(h[3] == 65504.0F);
  BOOST_TEST(h[4] == std::numeric_limits<float>::infinity());
  BOOST_TEST(std::isnan(h[5]));
  BOOST_TEST((h[6] == 0 && std::signbit(h[6])));
  BOOST_TEST(file.arrays.at("b").as<float>()(0) == 1.0F);
  BOOST_TEST(file.arrays.at("b").as<float>()(1) == -3.140625F);
}

BOOST_AUTO_TEST_CASE(headers_that_lie_are_refused_by_name) {
  const std::string eight(8, 'x');
  const auto tensor = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"w":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  struct Row {
    std::string header, data, part;
  };
  const Row rows[] = {
      {tensor("F32", "[3]", "[0,8]"), eight, "has not 8 bytes"},
      {tensor("F32", "[2]", "[0,12]"), eight, "do not lie within"},
      {tensor("F32", "[2]", "[8,0]"), eight, "do not lie within"},
      {tensor("F32", "[2]", "[-8,0]"), eight, "is not a size"},
      {tensor("F32", "[2]", "[0,8.0]"), eight, "is not a size"},
      {tensor("F32", "[2]", "[0]"), eight, "two data_offsets"},
      {tensor("F32", "[-2]", "[0,8]"), eight, "is not a size"},
      {tensor("F32", "[1,1,1,1,1,2]", "[0,8]"), eight, "6 axes"},
      {tensor("F32", "[4611686018427387904,4]", "[0,8]"), eight, "too large"},
      {tensor("F32", "[4611686018427387904,4611686018427387904,0]", "[0,0]"), eight, "too large"},
      {tensor("F32", "[18446744073709551615]", "[0,8]"), eight, "too large"},
      {tensor("F32", "[18446744073709551616]", "[0,8]"), eight, "is not a size"},
      {tensor("F32", "[2]", "[18446744073709551608,18446744073709551615]"), eight, "do not lie within"},
      {tensor("C64", "[1]", "[0,8]"), eight, "type C64"},
      {tensor("I64", "[2]", "[0,8]"), eight, "has not 8 bytes"},
      {tensor("U64", "[1]", "[0,8]"), std::string(8, '\xFF'), "is too large"},
      {tensor("F32", "[1]", "[0,4]"), eight, "4 bytes belong to no tensor"},
      {tensor("F32", "[1]", "[4,8]"), eight, "after a gap"},
      {R"({"w":3})", "", "needs dtype"},
      {R"({"w":{"dtype":"F32","shape":[[[[1]]]],"data_offsets":[0,8]}})", eight, "nested"},
      {R"([1,2])", "", "not a JSON object"},
      {R"({"w":)", "", "not valid JSON"},
      {"1e999", "", "a number that is too large"},
      {tensor("F32", "[-1e999]", "[0,8]"), eight, "a number that is too large"},
      {"", "", "not valid JSON"},
      {"{\"\xFF\":1}", "", "not valid JSON"},
      {R"({"__metadata__":{"a":1}})", "", "is not a string"},
      {R"({"__metadata__":[]})", "", "is not an object"},
      {R"({"__metadata__":{"a":"1","a":"2"}})", "", "two entries 'a'"},
  };
  for (const Row& row : rows) {
    put(row.header, row.data);
    BOOST_TEST_CONTEXT(row.header) { BOOST_TEST(refused({row.part})); }
  }
}

BOOST_AUTO_TEST_CASE(tensors_that_share_bytes_or_names_are_refused) {
  const std::string one = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  put("{" + one + R"(,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", std::string(12, 'x'));
  BOOST_TEST(refused({"'b'", "inside the one before"}));
  put("{" + one + "," + one + "}", std::string(8, 'x'));
  BOOST_TEST(refused({"two entries 'a'"}));
}

BOOST_AUTO_TEST_CASE(other_kinds_of_file_are_refused) {
  write(path, "");
  BOOST_TEST(refused({"0 bytes"}));
  write(path, "PK\x03\x04 this is a zip file, perhaps a PyTorch one");
  BOOST_TEST(refused({"no safetensors file"}));
  BOOST_CHECK_EXCEPTION((void)load_safetensors(file("absent")), FormatError, [](const FormatError& error) {
    return std::string(error.what()).find("does not exist") != std::string::npos;
  });
  BOOST_CHECK_EXCEPTION((void)load_safetensors(directory()), FormatError, [](const FormatError& error) {
    return std::string(error.what()).find("is not a file") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused) {
  const Array a(Tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const Array b(Tensor<double>({2}, {1, 2}));
  save_safetensors(path, std::vector<NamedArray>{{"a", &a}, {"b", &b}}, {{"k", "v"}});
  const std::string whole = read(path);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write(path, whole.substr(0, length));
    BOOST_CHECK_THROW((void)load_safetensors(path), FormatError);
  }
  write(path, whole + "x");
  BOOST_TEST(refused({"belong to no tensor"}));
}

BOOST_AUTO_TEST_CASE(damaged_files_are_read_or_refused_but_never_crash) {
  const Array a(Tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  save_safetensors(path, std::vector<NamedArray>{{"a", &a}, {"b", &a}}, {{"k", "v"}});
  const std::string whole = read(path);
  Generator generator(2);
  int refusals = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    std::string damaged = whole;
    for (Index n = 1 + generator.below(3); n > 0; --n) {
      const auto at = static_cast<std::size_t>(generator.below(static_cast<Index>(whole.size())));
      damaged[at] = generator.bernoulli(0.5) ? static_cast<char>(generator.below(256))
                                             : "0123456789[]{},:\"-"[generator.below(18)];
    }
    write(path, damaged);
    try {
      (void)load_safetensors(path);
    } catch (const FormatError&) {
      ++refusals;
    }
  }
  BOOST_TEST(refusals > 1000);
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_saved) {
  const Array a(Shape{1}, DType::float32);
  using Arrays = std::vector<NamedArray>;
  BOOST_CHECK_THROW(save_safetensors(path, Arrays{{"a", &a}, {"a", &a}}), ValueError);
  BOOST_CHECK_THROW(save_safetensors(path, Arrays{{"__metadata__", &a}}), ValueError);
  BOOST_CHECK_THROW(save_safetensors(path, Arrays{{"\xFF", &a}}), ValueError);
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()
