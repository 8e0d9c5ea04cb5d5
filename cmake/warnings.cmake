# Gives a target of this project the project's warnings; they are private to it and never reach users.
function(recur_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE
      -Wno-restrict              # false alarms for "a" + std::string: GCC bug 105651
      -Wno-stringop-overflow     # false alarms for "a" + std::string&&: GCC bug 105329
      -Wno-maybe-uninitialized)  # false alarms for AVX-512 intrinsics: GCC bug 105593
  endif()
  if(RECUR_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
