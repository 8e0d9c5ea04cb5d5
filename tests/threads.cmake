# Under the thread sanitizer: test_threads, a program of the tests that start threads and of as much of the library as they use, so
# that nothing else need be compiled to check them. `scripts/test tsan` runs all tests.
set(threads_tests framework/threads/*_test.cpp framework/autodiff/tape_test.cpp
                  layers/recurrent/threads_test.cpp layers/recurrent/divided_test.cpp layers/every_cell.cpp train/views/prefetch_test.cpp)

file(GLOB engine_sources CONFIGURE_DEPENDS
     "${PROJECT_SOURCE_DIR}/framework/*/*.cpp" "${PROJECT_SOURCE_DIR}/layers/*.cpp"
     "${PROJECT_SOURCE_DIR}/layers/cells/*.cpp" "${PROJECT_SOURCE_DIR}/layers/recurrent/*.cpp"
     "${PROJECT_SOURCE_DIR}/train/views/view.cpp")
foreach(target portable avx2 avx512)  # -O3 makes their compilation slow, not the tests fast
  set(kernels ${engine_sources})
  list(FILTER kernels INCLUDE REGEX "_${target}\\.cpp$")
  set(flags ${recur_flags_${target}})
  list(REMOVE_ITEM flags -O3)
  set_source_files_properties(${kernels} PROPERTIES COMPILE_OPTIONS "${flags}")
endforeach()
# Boost.Test starts no threads.
set_source_files_properties(main.cpp PROPERTIES COMPILE_OPTIONS "-fno-sanitize=thread;-O0")
add_library(threads_engine STATIC EXCLUDE_FROM_ALL ${engine_sources})
target_compile_features(threads_engine PUBLIC cxx_std_20)
target_include_directories(threads_engine PUBLIC "${recur_include_dir}")
target_link_libraries(threads_engine PUBLIC Eigen3::Eigen fmt::fmt OpenMP::OpenMP_CXX)
recur_set_warnings(threads_engine)

add_executable(test_threads)
target_link_libraries(test_threads PRIVATE threads_engine test_main)
foreach(folder framework layers train)
  set(patterns ${threads_tests})
  list(FILTER patterns INCLUDE REGEX "^${folder}/")
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  # A library for each folder, since headers of tests are found by folder.
  add_library(threads_${folder} OBJECT EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(threads_${folder} PRIVATE threads_engine test_main)
  target_include_directories(threads_${folder} PRIVATE ${folder})
  recur_set_warnings(threads_${folder})
  target_sources(test_threads PRIVATE $<TARGET_OBJECTS:threads_${folder}>)
endforeach()
add_test(NAME threads COMMAND test_threads --color_output=no)
set_tests_properties(threads PROPERTIES TIMEOUT 600 ENVIRONMENT OMP_NUM_THREADS=2 PROCESSORS 2)
