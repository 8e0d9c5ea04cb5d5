# RECUR_UNITY: headers are parsed less often, for a full build that takes half the processor time; a changed source costs its whole group.
# - Sources that share most of their headers become one translation unit: a folder, or all sources that include the JSON library. Sources
#   that take long by themselves (fused loops, products, matrix factorizations) stay alone, so that they are compiled side by side.
# - The headers that nearly all sources include are compiled once for each set of flags.
# A source that forgets an include of its own may compile so; a build without RECUR_UNITY and clang-tidy find it.
set(recur_precompiled_headers <recur/framework/autodiff/tape.h> <recur/framework/expr/fuse.h> <fmt/format.h> <algorithm> <filesystem>
    <functional> <sstream>)
set(recur_unity_alone framework/gemm/ framework/expr/ framework/autodiff/recompute.cpp layers/initializers.cpp interop/
    io/hdf5 io/zip_file)

function(recur_compile_together target)
  if(NOT RECUR_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    if(NOT source MATCHES "\\.cpp$")
      continue()
    endif()
    cmake_path(ABSOLUTE_PATH source NORMALIZE)
    file(RELATIVE_PATH path "${PROJECT_SOURCE_DIR}" "${source}")
    set(alone FALSE)
    foreach(prefix ${recur_unity_alone})
      string(FIND "${path}" "${prefix}" at)
      if(at EQUAL 0)
        set(alone TRUE)
      endif()
    endforeach()
    cmake_path(GET path PARENT_PATH group)
    file(STRINGS "${source}" fused_loops REGEX "[ (]fuse\\(" LIMIT_COUNT 1)
    file(STRINGS "${source}" json REGEX "#include <nlohmann/" LIMIT_COUNT 1)
    file(STRINGS "${source}" eigen REGEX "#include <Eigen/" LIMIT_COUNT 1)
    if(eigen)  # GCC 12 refuses Eigen's prefetches after a precompiled header without optimization
      set_source_files_properties("${source}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
    if(alone OR fused_loops OR eigen)
      continue()
    elseif(json)
      set(group json)
    endif()
    string(REPLACE "/" "_" group "${group}")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${group}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)  # unnamed namespaces lie in included files
  else()
    target_compile_options(${target} PRIVATE -Wno-shadow)  # of a name in the unnamed namespace of another file
  endif()
endfunction()

# Lets a target start with the headers that most of its sources include; more arguments are headers besides those of the library. With
# REUSE_FROM other, whose flags are alike, those of the other target are taken.
function(recur_precompile target)
  if(NOT RECUR_UNITY)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "REUSE_FROM" "")
  if(arg_REUSE_FROM)
    target_precompile_headers(${target} REUSE_FROM ${arg_REUSE_FROM})
  else()
    target_precompile_headers(${target} PRIVATE ${arg_UNPARSED_ARGUMENTS} ${recur_precompiled_headers})
  endif()
endfunction()
