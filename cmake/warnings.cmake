# Gives a target of this project the project's warnings; they are private to it and never reach users.
function(recur_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(RECUR_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
