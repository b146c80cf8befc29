# Language, warnings, hardening and sanitizers: one place for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON) # TRY() is a GNU statement expression
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

add_library(rota_flags INTERFACE)
target_compile_options(rota_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wformat=2 -Wimplicit-fallthrough -Wswitch-enum -Werror
  -fstack-protector-strong)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(rota_flags INTERFACE -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(rota_flags INTERFACE -fstack-clash-protection)
  target_compile_options(rota_flags INTERFACE # g++ 12 raises these in vain where it inlines Result<T> and std::string
    -Wno-maybe-uninitialized -Wno-free-nonheap-object -Wno-restrict -Wno-array-bounds
    -Wno-stringop-overflow -Wno-stringop-overread)
else()
  target_compile_options(rota_flags INTERFACE -Wno-gnu-statement-expression)
endif()
if(NOT ROTA_SANITIZE AND CMAKE_BUILD_TYPE MATCHES "Release|RelWithDebInfo")
  target_compile_options(rota_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -Wno-cpp) # -O0 cannot fortify
endif()
target_link_options(rota_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
if(ROTA_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(rota_flags INTERFACE -Wno-tsan) # atomic_thread_fence, in the standard library
endif()
if(ROTA_SANITIZE)
  target_compile_options(rota_flags INTERFACE -fsanitize=${ROTA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(rota_flags INTERFACE -fsanitize=${ROTA_SANITIZE})
endif()
if(ROTA_FUZZ) # the address sanitizer sees what these would; without them the build takes two thirds of the time
  target_compile_options(rota_flags INTERFACE -fno-sanitize=null,object-size,vptr)
endif()
target_compile_definitions(rota_flags INTERFACE ROTA_VERSION="${PROJECT_VERSION}")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 # every clone of the tree shares what was compiled once
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
