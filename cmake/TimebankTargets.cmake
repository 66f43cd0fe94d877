# Helpers that every folder's CMakeLists.txt uses.
#   timebank_library(NAME ledger SOURCES a.cc HEADERS a.h DEPS timebank_base PRIVATE PkgConfig::sodium)
#   timebank_test(NAME ledger SOURCES a_test.cc DEPS timebank_ledger)     one test binary per library
#   timebank_program(NAME timebank-node SOURCES main.cc DEPS ...)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

option(TIMEBANK_WERROR "Warnings are errors (set by the presets)" OFF)
set(TIMEBANK_SANITIZE "" CACHE STRING "Value for -fsanitize=, for example address,undefined")

option(TIMEBANK_FUZZ "Build the libFuzzer targets of tests/fuzz (the preset fuzz, clang only)" OFF)

find_program(TIMEBANK_CCACHE ccache)
if(TIMEBANK_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TIMEBANK_CCACHE})
endif()
find_program(TIMEBANK_MOLD mold)
if(TIMEBANK_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
if(TIMEBANK_SANITIZE)
  add_compile_options(-fsanitize=${TIMEBANK_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TIMEBANK_SANITIZE})
endif()
if(TIMEBANK_FUZZ)  # what the processor or AddressSanitizer sees as well; it compiles in two thirds of the time
  add_compile_options(-fno-sanitize=alignment,null,object-size,vptr)
endif()

# Tests and command glue are run once and compiled often: in the development build the optimiser
# leaves them alone. What they call is optimised.
set(TIMEBANK_GLUE_OPTIONS $<$<CONFIG:RelWithDebInfo>:-O0>)

add_library(timebank_warnings INTERFACE)
# -pthread everywhere: a precompiled header fits only sources with the same flags.
target_compile_options(timebank_warnings INTERFACE
  -pthread -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
  -Wnon-virtual-dtor -Wswitch-enum -Wno-missing-field-initializers
  # -Wrestrict: GCC 12 reports std::string concatenation that is sound (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wno-restrict>
  $<$<BOOL:${TIMEBANK_WERROR}>:-Werror>)

function(timebank_library)
  cmake_parse_arguments(A "" "NAME" "SOURCES;HEADERS;DEPS;PRIVATE" ${ARGN})
  add_library(timebank_${A_NAME} STATIC ${A_SOURCES})
  target_sources(timebank_${A_NAME} PUBLIC FILE_SET HEADERS
    BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${A_HEADERS})
  target_link_libraries(timebank_${A_NAME} PUBLIC ${A_DEPS} PRIVATE timebank_warnings ${A_PRIVATE})
endfunction()

# A target that makes a precompiled header (cmake/fresh_pch says why).
function(timebank_fresh_pch target)
  if(TIMEBANK_CCACHE)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
      "${PROJECT_SOURCE_DIR}/cmake/fresh_pch;${TIMEBANK_CCACHE}")
  endif()
endfunction()

# The first test target builds the precompiled gtest header; the others reuse it.
function(timebank_test)
  cmake_parse_arguments(A "" "NAME" "SOURCES;DEPS" ${ARGN})
  set(target timebank_${A_NAME}_test)
  add_executable(${target} ${A_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE ${A_DEPS} timebank_warnings GTest::gtest_main)
  target_compile_options(${target} PRIVATE ${TIMEBANK_GLUE_OPTIONS})
  if(NOT TARGET timebank_test_pch)
    file(WRITE ${PROJECT_BINARY_DIR}/test_pch.cc "")
    add_library(timebank_test_pch STATIC ${PROJECT_BINARY_DIR}/test_pch.cc)
    target_link_libraries(timebank_test_pch PUBLIC GTest::gtest timebank_warnings timebank_proto)
    target_compile_options(timebank_test_pch PRIVATE ${TIMEBANK_GLUE_OPTIONS})
    target_precompile_headers(timebank_test_pch PRIVATE <gtest/gtest.h> <map> <optional> <set>
      <string> <vector> <timebank/v1/record.pb.h> <timebank/v1/transaction.pb.h>)
    timebank_fresh_pch(timebank_test_pch)
  endif()
  target_precompile_headers(${target} REUSE_FROM timebank_test_pch)
  add_test(NAME ${A_NAME} COMMAND ${target})
endfunction()

function(timebank_program)
  cmake_parse_arguments(A "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SOURCES})
  target_link_libraries(${A_NAME} PRIVATE ${A_DEPS} timebank_warnings)
  set_target_properties(${A_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()
