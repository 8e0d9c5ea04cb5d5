# Writes a source file that registers the cells of all headers layers/cells/*_cell.h, so that a new cell needs no list to be put in.
function(recur_write_built_in_cells target_file)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" layers/cells/*_cell.h layers/cells/stacked_rnn_cells.h)
  set(includes "")
  set(calls "")
  foreach(header IN LISTS headers)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
    file(STRINGS "${header}" classes REGEX "^class [A-Za-z0-9]+Cells? ")
    string(APPEND includes "#include <recur/${header}>\n")
    foreach(class IN LISTS classes)
      string(REGEX REPLACE "^class ([A-Za-z0-9]+) .*" "\\1" class "${class}")
      string(APPEND calls "  add_built_in_cell<${class}>();\n")
    endforeach()
  endforeach()
  file(CONFIGURE OUTPUT "${target_file}" @ONLY
       CONTENT [[
#include <recur/layers/config/config.h>
@includes@
void recur::Registry::add_built_in_cells() {
@calls@}
]])
endfunction()
