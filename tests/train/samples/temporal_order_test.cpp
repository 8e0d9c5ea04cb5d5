#include <recur/train/samples/temporal_order.h>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace recur;

BOOST_AUTO_TEST_SUITE(temporal_order)

BOOST_AUTO_TEST_CASE(the_class_is_the_order_of_the_two_marks) {
  Generator generator(1);
  const Batch batch = samples::temporal_order(300, generator);
  std::vector<Index> classes(samples::temporal_order_classes, 0);
  for (Index b = 0; b < 300; ++b) {
    std::string text;
    for (Index t = 0; t < samples::temporal_order_steps; ++t)
      for (Index s = 0; s < samples::temporal_order_symbols; ++s)
        if (batch.inputs(b, t, s) == 1) text += "EBabcdXY"[s];
    BOOST_TEST((text.size() >= 100 && text.size() <= 110));
    BOOST_TEST((text.front() == 'E' && text.back() == 'B'));
    BOOST_TEST(batch.inputs(b, samples::temporal_order_steps - 1, 1) == 1);
    const auto first = text.find_first_of("XY");
    const auto second = text.find_first_of("XY", first + 1);
    BOOST_TEST((first >= 10 && first <= 20 && second >= 50 && second <= 60));
    BOOST_TEST(text.find_first_of("XYEB", second + 1) == text.size() - 1);
    const Index expected = 2 * (text[first] == 'Y') + (text[second] == 'Y');
    BOOST_TEST(batch.targets(b, 0) == static_cast<float>(expected));
    ++classes[static_cast<std::size_t>(expected)];
  }
  for (const Index count : classes) BOOST_TEST((count > 40 && count < 110));  // 75 ± 7.5
  BOOST_CHECK_THROW((void)samples::temporal_order(0, generator), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
