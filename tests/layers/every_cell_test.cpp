#include "every_cell.h"

#include <recur/layers/config/config.h>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace recur;
using namespace recur::test;

BOOST_AUTO_TEST_SUITE(list_of_every_cell)

// Gradients, masks, checkpoints and threads are tested with the cells of the list: one that is left out would not be.
BOOST_AUTO_TEST_CASE(has_all_cells_of_the_library) {
  std::set<std::string> listed;
  for (const NamedCell& cell : all_cells()) listed.emplace(cell.cell->class_name());
  const std::vector<std::string> built_in = Registry().cell_names();
  BOOST_TEST(built_in.size() >= 12U);
  for (const std::string& name : built_in)
    BOOST_TEST(listed.contains(name), name << " has no row in tests/layers/every_cell.cpp");
}

BOOST_AUTO_TEST_SUITE_END()
