# Defines the target recur_onednn if oneDNN is installed, and warns if it is installed in part. oneDNN's own package file is not read: in
# Debian it stops the configuration of the whole project where OpenCL is missing, which CPU engines do not need.
find_path(DNNL_INCLUDE_DIR dnnl.hpp)
find_library(DNNL_LIBRARY dnnl)
mark_as_advanced(DNNL_INCLUDE_DIR DNNL_LIBRARY)
if(NOT DNNL_INCLUDE_DIR AND NOT DNNL_LIBRARY)
  return()
endif()

if(DNNL_INCLUDE_DIR AND DNNL_LIBRARY)
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS "${OpenMP_CXX_FLAGS}")
  set(CMAKE_REQUIRED_INCLUDES "${DNNL_INCLUDE_DIR}")
  set(CMAKE_REQUIRED_LIBRARIES "${DNNL_LIBRARY}")
  check_cxx_source_compiles("#include <dnnl.hpp>
    int main() { return static_cast<int>(dnnl::engine::get_count(dnnl::engine::kind::cpu)); }" RECUR_ONEDNN_WORKS)
  unset(CMAKE_REQUIRED_FLAGS)
  unset(CMAKE_REQUIRED_INCLUDES)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(NOT RECUR_ONEDNN_WORKS)
  message(WARNING "oneDNN is installed in part (header: ${DNNL_INCLUDE_DIR}, library: ${DNNL_LIBRARY}) or does not link; "
                  "onednn_step is not built. On Debian: apt-get install libdnnl-dev")
  return()
endif()
add_library(recur_onednn INTERFACE)
target_include_directories(recur_onednn SYSTEM INTERFACE "${DNNL_INCLUDE_DIR}")
target_link_libraries(recur_onednn INTERFACE "${DNNL_LIBRARY}")
