# Installs the library, its headers under include/recur/, a CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)

set(recur_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/recur")

foreach(folder ${recur_folders})
  if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}")
    install(DIRECTORY ${folder} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/recur" FILES_MATCHING PATTERN "*.h"
            PATTERN "internal" EXCLUDE)
  endif()
endforeach()
if(EXISTS "${PROJECT_SOURCE_DIR}/recur.h")
  install(FILES recur.h samples.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/recur")
endif()

install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/recur")

install(TARGETS recur EXPORT recurTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
                                          LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT recurTargets NAMESPACE recur:: DESTINATION "${recur_package_dir}")

configure_package_config_file(cmake/recurConfig.cmake.in "${PROJECT_BINARY_DIR}/recurConfig.cmake"
                              INSTALL_DESTINATION "${recur_package_dir}")
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/recurConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/recurConfig.cmake" "${PROJECT_BINARY_DIR}/recurConfigVersion.cmake"
        DESTINATION "${recur_package_dir}")

# Relative to the file's own place, so that the installed tree may be moved.
file(RELATIVE_PATH recur_pc_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
configure_file(cmake/recur.pc.in "${PROJECT_BINARY_DIR}/recur.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/recur.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
