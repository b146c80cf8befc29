# librota-tuf: base, crypto (without TLS and X.509), tuf and client in one archive, with headers, a CMake package and a
# pkg-config file, for programs outside this tree (docs/library.md).
#   cmake --install build/release --component rota-tuf --prefix DIR
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# What others may include. Each folder lands in include/rota-tuf/, so that includes read as they do here.
set(rota_tuf_base bytes fetcher files json result time)
set(rota_tuf_crypto hash key secret)
set(rota_tuf_tuf canonical delegation file_bytes key metadata role_keys root_chain search sign verify wanted)
set(rota_tuf_client clock folder_fetcher folder_store limits trust_store updater)

foreach(part base crypto tuf client)
  get_target_property(kind ${part} TYPE)
  if(NOT kind STREQUAL "INTERFACE_LIBRARY")
    list(APPEND rota_tuf_objects
      $<FILTER:$<TARGET_OBJECTS:${part}>,EXCLUDE,/\(authority|child|tls|tls_context|wire|x509\)\\.cc\\.o$>)
  endif()
  list(TRANSFORM rota_tuf_${part} REPLACE "(.+)" "${CMAKE_SOURCE_DIR}/src/${part}/\\1.h")
  install(FILES ${rota_tuf_${part}} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/rota-tuf/${part}
    COMPONENT rota-tuf EXCLUDE_FROM_ALL)
endforeach()

add_library(rota-tuf STATIC ${rota_tuf_objects})
set_target_properties(rota-tuf PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME tuf ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
target_compile_features(rota-tuf INTERFACE cxx_std_20)
target_include_directories(rota-tuf INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/rota-tuf>)
target_link_libraries(rota-tuf INTERFACE OpenSSL::Crypto simdjson::simdjson Threads::Threads)

set(rota_tuf_package ${CMAKE_INSTALL_LIBDIR}/cmake/rota-tuf)
install(TARGETS rota-tuf EXPORT rota-tuf
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT rota-tuf EXCLUDE_FROM_ALL)
install(EXPORT rota-tuf NAMESPACE rota:: FILE rota-tuf-targets.cmake DESTINATION ${rota_tuf_package}
  COMPONENT rota-tuf EXCLUDE_FROM_ALL)
configure_package_config_file(cmake/rota-tuf-config.cmake.in ${CMAKE_BINARY_DIR}/rota-tuf-config.cmake
  INSTALL_DESTINATION ${rota_tuf_package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/rota-tuf-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/rota-tuf-config.cmake ${CMAKE_BINARY_DIR}/rota-tuf-config-version.cmake
  DESTINATION ${rota_tuf_package} COMPONENT rota-tuf EXCLUDE_FROM_ALL)

file(RELATIVE_PATH rota_tuf_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix) # so that the folder can be moved
string(REGEX REPLACE "/$" "" rota_tuf_prefix ${rota_tuf_prefix})
configure_file(cmake/rota-tuf.pc.in ${CMAKE_BINARY_DIR}/rota-tuf.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/rota-tuf.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT rota-tuf EXCLUDE_FROM_ALL)
