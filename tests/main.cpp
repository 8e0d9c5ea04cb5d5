// The main() of every test program; the tests themselves only include <boost/test/unit_test.hpp>.
#define BOOST_TEST_MODULE recur
#include <boost/test/included/unit_test.hpp>
