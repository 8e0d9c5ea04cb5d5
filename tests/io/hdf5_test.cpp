#include <recur/io/hdf5.h>

#include <boost/test/unit_test.hpp>

#include <cstring>

#include "../temporary_directory.h"

using namespace recur;

namespace {

struct Fixture : TemporaryDirectory {
  Array numbers{Shape{2, 3}, DType::float32};
  Fixture() { numbers.assign(std::vector<double>{1, 2, 3, 4, 5, 6}); }

  [[nodiscard]] std::string small() const {
    Hdf5Writer out;
    out.dataset("a/x", numbers);
    return out.bytes();
  }
  // Whether bytes are refused with this in the message, at once or when the numbers are read.
  static bool refused(const std::string& bytes, const std::string& part) {
    try {
      const Hdf5File file(bytes, "test");
      if (const Hdf5File::Object* const object = file.find(file.root(), "a/x")) (void)file.read(*object, "a/x");
    } catch (const FormatError& error) {
      BOOST_TEST_MESSAGE(error.what());
      return std::string(error.what()).find(part) != std::string::npos;
    }
    return false;
  }
  // Replaces the bytes at the first, or the nth, place where `from` stands.
  static std::string with(std::string bytes, const std::string& from, const std::string& to, std::size_t shift = 0) {
    const auto at = bytes.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return bytes.replace(at + shift, to.size(), to);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hdf5_files, Fixture)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  Array more({3}, DType::float64);
  more.assign(std::vector<double>{0.1, 0.2, 0.3});
  const Array none({0, 4}, DType::float32);
  const Array scalar(Shape{}, DType::float32);
  Hdf5Writer out;
  out.attribute("", "text", std::string(100'000, 'x'));
  out.attribute("group/deep", "empty", "");
  out.attribute("group", "list", std::vector<std::string>{"one", "three", ""});
  out.attribute("group", "nothing", std::vector<std::string>{});
  out.group("leer");
  out.dataset("group/deep/x", numbers);
  out.dataset("group/deep/y", more);
  out.dataset("none", none);
  out.dataset("scalar", scalar);
  out.commit(file("x.h5"));
  const Hdf5File in(file("x.h5"));
  BOOST_TEST(in.root().attributes.at("text").at(0).size() == 100'000U);
  const Hdf5File::Object& group = *in.find(in.root(), "group");
  BOOST_TEST((group.attributes.at("list") == std::vector<std::string>{"one", "three", ""}));
  BOOST_TEST(group.attributes.at("nothing").empty());
  BOOST_TEST(in.find(group, "deep")->attributes.at("empty").at(0).empty());
  BOOST_TEST(in.read(*in.find(group, "deep/x"), "").to_doubles() == numbers.to_doubles(),
             boost::test_tools::per_element());
  BOOST_TEST(in.read(*in.find(group, "deep/y"), "").to_doubles() == more.to_doubles(),
             boost::test_tools::per_element());
  BOOST_TEST((in.read(*in.find(in.root(), "none"), "").shape() == Shape{0, 4}));
  BOOST_TEST(in.read(*in.find(in.root(), "scalar"), "").shape().rank() == 0);
  BOOST_TEST(in.find(in.root(), "leer")->children.empty());
  BOOST_TEST(in.find(in.root(), "group/missing") == nullptr);
}

BOOST_AUTO_TEST_CASE(many_children_and_long_lists_are_written) {
  Hdf5Writer out;
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) {
    names.push_back(std::string(400, 'n') + std::to_string(i));
    out.dataset(names.back(), numbers);
  }
  out.attribute("", "layer_names", names);
  const Hdf5File in(out.bytes(), "many");
  BOOST_TEST(in.root().children.size() == 300U);
  BOOST_TEST(!in.root().attributes.contains("layer_names"));
  BOOST_TEST(in.root().attributes.at("layer_names0").size() + in.root().attributes.at("layer_names1").size() == 300U);
}

BOOST_AUTO_TEST_CASE(other_layouts_are_refused_by_name) {
  const std::string fine = small();
  BOOST_TEST(!refused(fine, ""));
  BOOST_TEST(refused(std::string(512, '\0') + fine, "user block"));
  BOOST_TEST(refused(std::string(fine).replace(8, 1, "\x02"), "new layout"));
  BOOST_TEST(refused(std::string(fine).replace(24, 1, "\x01"), "base address"));
  BOOST_TEST(refused(fine.substr(0, fine.size() - 1), "cut short"));
  BOOST_TEST(refused("no file", "no HDF5 file"));
}

BOOST_AUTO_TEST_CASE(data_sets_that_cannot_be_read_are_refused) {
  const std::string fine = small();
  const std::string type = "\x11\x20\x1F";
  BOOST_TEST(refused(with(fine, type, "\x21", 1), "big-endian"));
  BOOST_TEST(refused(with(fine, type, "\x10"), "is not of float16"));
  const std::string layout("\x08\0\x18\0\0\0\0\0\x03\x01", 10);
  BOOST_TEST(refused(with(fine, layout, "\x02", 9), "chunks"));
  BOOST_TEST(refused(with(fine, layout, "\x03", 9), "virtual"));
  BOOST_TEST(refused(with(fine, layout, "\x04", 8), "another version"));
  BOOST_TEST(refused(with(fine, layout, std::string(8, '\xFF'), 10), "never written"));
  BOOST_TEST(refused(with(fine, layout, "\x17", 18), "bytes are stored"));
  const std::string filter("\x05\0\x08\0", 4);
  BOOST_TEST(refused(with(fine, filter, "\x0B"), "filters"));
  BOOST_TEST(refused(with(fine, filter, "\x07"), "external storage"));
  BOOST_TEST(refused(with(fine, filter, "\x06"), "new style"));
}

BOOST_AUTO_TEST_CASE(links_that_lead_astray_are_refused) {
  const std::string fine = small();
  const auto symbols = fine.find("SNOD");  // of group a: name, header, cache
  BOOST_REQUIRE(symbols != std::string::npos);
  std::string soft = fine;
  soft[symbols + 8 + 16] = 2;
  BOOST_TEST(refused(soft, "soft link"));
  std::string circle = fine;
  std::memcpy(circle.data() + symbols + 8 + 8, fine.data() + 64, 8);  // x is the root
  BOOST_TEST(refused(circle, "circle"));
  BOOST_TEST(refused(with(fine, "TREE", "\x09", 5), "levels"));
  BOOST_TEST(refused(with(fine, "TREE", "X"), "no tree"));
  BOOST_TEST(refused(with(fine, "HEAP", "X"), "no local heap"));
}

BOOST_AUTO_TEST_SUITE_END()
