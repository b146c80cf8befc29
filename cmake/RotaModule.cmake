# rota_module(tuf USES crypto LINKS SomeLibrary)
# A module is a folder of src/. It sees its own headers and those of the modules it USES, as "module/header.h";
# any other include fails, because every module has an include root of its own.
#
# In the release preset the modules of librota-tuf are compiled for size, but for the files that large texts go through.
set(ROTA_SMALL_MODULES base crypto tuf client)
set(ROTA_FAST_FILES base/json.cc tuf/canonical.cc tuf/canonical_reader.cc tuf/target_reader.cc)
function(rota_module name)
  cmake_parse_arguments(M "" "" "USES;LINKS" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${dir}/*_test.cc)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()
  set(root ${CMAKE_SOURCE_DIR}/build/include/${name}) # one place for all presets, so that ccache serves them all
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${dir} ${root}/${name} SYMBOLIC)

  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${root})
    target_link_libraries(${name} PUBLIC ${M_USES} PRIVATE rota_flags ${M_LINKS})
    set(small OFF)
    if(CMAKE_BUILD_TYPE STREQUAL "Release" AND name IN_LIST ROTA_SMALL_MODULES)
      set(small ON)
      target_compile_options(${name} PRIVATE -Os -ffunction-sections -fdata-sections)
      foreach(file ${ROTA_FAST_FILES})
        set_source_files_properties(${CMAKE_SOURCE_DIR}/src/${file}
          PROPERTIES COMPILE_OPTIONS -O2 SKIP_PRECOMPILE_HEADERS ON)
      endforeach()
    endif()
    if(name STREQUAL "base" OR (CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT small)) # a precompiled header fits one -O only
      target_precompile_headers(${name} PRIVATE <algorithm> <array> <cstdint> <functional> <map> <memory> <optional>
        <set> <string> <string_view> <utility> <variant> <vector> <chrono>)
    else()
      target_precompile_headers(${name} REUSE_FROM base)
      target_compile_definitions(${name} PRIVATE # as base was compiled, or the header is not reused
        $<TARGET_PROPERTY:simdjson::simdjson,INTERFACE_COMPILE_DEFINITIONS>)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${root})
    target_link_libraries(${name} INTERFACE ${M_USES})
  endif()

  if(ROTA_TESTS AND tests)
    rota_test(${name}_test SOURCES ${tests} USES ${name} sim LINKS ${M_LINKS})
  endif()
endfunction()

# GoogleTest and the standard containers, read once for all tests; tests are compiled fast rather than fast to run.
if(ROTA_TESTS)
  add_custom_target(unit_tests)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cc CONTENT "int main() {}\n")
  add_executable(test_headers EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_headers.cc)
  target_link_libraries(test_headers PRIVATE rota_flags GTest::gmock)
  target_compile_options(test_headers PRIVATE -O0)
  set_target_properties(test_headers PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_precompile_headers(test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <algorithm> <array> <chrono> <cstdint>
    <functional> <map> <memory> <optional> <set> <string> <string_view> <utility> <variant> <vector>)
endif()

# rota_test(name SOURCES a.cc USES module... LINKS library...): one GoogleTest program, one ctest entry.
function(rota_test name)
  cmake_parse_arguments(T "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_USES} ${T_LINKS} rota_flags GTest::gmock GTest::gtest_main)
  foreach(source ${T_SOURCES}) # only those that read a file of the tree, so that the compiler cache serves other clones
    file(STRINGS ${source} reads_tree REGEX "ROTA_SOURCE_DIR" LIMIT_COUNT 1)
    if(reads_tree)
      set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS "ROTA_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
    endif()
  endforeach()
  target_compile_options(${name} PRIVATE -O0)
  target_precompile_headers(${name} REUSE_FROM test_headers)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  add_dependencies(unit_tests ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS unit)
endfunction()
