# How this project compiles, and the two functions that make a room or a metric.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy>=1.0.3)
pkg_check_modules(HWY_TEST QUIET IMPORTED_TARGET libhwy-test)
find_package(nlohmann_json REQUIRED)
if(FOVEA_TESTS)
  find_package(GTest REQUIRED)
endif()
if(FOVEA_BENCH)
  find_package(benchmark REQUIRED)
endif()

add_library(fovea_flags INTERFACE)
# Without -ffp-contract=off GCC fuses mul+add on FMA targets and CPU levels disagree in the last bit.
target_compile_options(fovea_flags INTERFACE -ffp-contract=off -Wall -Wextra -Wno-psabi
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> -fno-math-errno -fstack-protector-strong)
if(FOVEA_WERROR)
  target_compile_options(fovea_flags INTERFACE -Werror)
endif()
if(FOVEA_SANITIZE)
  target_compile_options(fovea_flags INTERFACE -fsanitize=${FOVEA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(fovea_flags INTERFACE -fsanitize=${FOVEA_SANITIZE})
endif()
target_include_directories(fovea_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_features(fovea_flags INTERFACE cxx_std_20)

# Highway: SSSE3 is left out (no machine of interest stops there); AVX3_DL brings VNNI; without
# EMU128 the fallback is SCALAR, our plain loops, with every compiler.
add_library(fovea_simd INTERFACE)
target_link_libraries(fovea_simd INTERFACE PkgConfig::HWY)
target_compile_definitions(fovea_simd INTERFACE HWY_WANT_AVX3_DL HWY_BROKEN_EMU128=1)
if(FOVEA_SANITIZE MATCHES "thread")
  # Races do not depend on the CPU target: one is enough.
  target_compile_definitions(fovea_simd INTERFACE HWY_COMPILE_ONLY_STATIC)
elseif(FOVEA_SANITIZE)
  # Instrumented kernels compile for minutes each: the widest, the commonest and the plain target are enough.
  target_compile_definitions(fovea_simd INTERFACE "HWY_DISABLED_TARGETS=(HWY_SSSE3|HWY_SSE4|HWY_AVX3)")
else()
  target_compile_definitions(fovea_simd INTERFACE HWY_DISABLED_TARGETS=HWY_SSSE3)
endif()

# In instrumented builds: checks by calls instead of inline code, and none for vector arithmetic, which wraps
# by definition.
function(fovea_lighten_kernels)
  if(FOVEA_SANITIZE)
    foreach(file ${ARGN})
      file(STRINGS ${file} per_target REGEX "HWY_TARGET_INCLUDE" LIMIT_COUNT 1)
      if(per_target)
        set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS
          "-O1;-fno-sanitize=undefined;$<$<CXX_COMPILER_ID:GNU>:--param=asan-instrumentation-with-call-threshold=0>")
      endif()
    endforeach()
  endif()
endfunction()

# fovea_test(NAME SOURCES... [LIBS ...] [LABELS ...]): one GoogleTest program, one ctest entry.
# Tests that use data from outside the repository find it through FOVEA_TEST_DATA and skip aloud without it.
function(fovea_test name)
  cmake_parse_arguments(A "" "" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE fovea_flags ${A_LIBS} GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${A_LABELS}" TIMEOUT 900)
endfunction()

# Everything that tests a room or a metric in its own process.
add_custom_target(fovea_unit_tests)

# fovea_room(NAME [LIBS ...] [TEST_LIBS ...]): src/NAME as library fovea_NAME; *_test.cc become the program NAME_test,
# *_bench.cc the program NAME_bench.
function(fovea_room name)
  cmake_parse_arguments(A "" "" "LIBS;TEST_LIBS;EXCLUDE" ${ARGN})
  set(dir ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  foreach(x ${A_EXCLUDE})
    list(REMOVE_ITEM sources ${dir}/${x})
  endforeach()
  add_library(fovea_${name} STATIC ${sources})
  target_link_libraries(fovea_${name} PUBLIC fovea_flags ${A_LIBS})
  if(FOVEA_TESTS AND tests)
    fovea_test(${name}_test SOURCES ${tests} LIBS fovea_${name} ${A_TEST_LIBS} LABELS room)
    add_dependencies(fovea_unit_tests ${name}_test)
  endif()
  if(FOVEA_BENCH AND benches)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench PRIVATE fovea_${name} benchmark::benchmark benchmark::benchmark_main)
  endif()
endfunction()

# fovea_fuzzer(NAME SOURCE LIBS...): a libFuzzer program, in builds with FOVEA_FUZZ.
option(FOVEA_FUZZ "Build the libFuzzer programs (clang; the preset `fuzz` has the other settings)" OFF)
add_custom_target(fovea_fuzzers)
function(fovea_fuzzer name source)
  if(FOVEA_FUZZ)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE fovea_flags ${ARGN})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fovea_fuzzers ${name})
  endif()
endfunction()

# fovea_metric(NAME): src/metrics/NAME. A folder without a README, a .params table or a test is refused,
# so that nothing half-made is registered.
function(fovea_metric name)
  set(dir ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  foreach(needed README.md ${name}.params ${name}.cc ${name}_test.cc)
    if(NOT EXISTS ${dir}/${needed})
      message(FATAL_ERROR "metric ${name}: ${dir}/${needed} is missing")
    endif()
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  add_library(fovea_metric_${name} STATIC ${sources})
  fovea_lighten_kernels(${sources})
  target_link_libraries(fovea_metric_${name} PUBLIC fovea_flags fovea_simd fovea_base fovea_video fovea_kernels)
  if(FOVEA_TESTS)
    fovea_test(${name}_test SOURCES ${tests} LIBS fovea_metric_${name} fovea_metric_testing LABELS metric)
    add_dependencies(fovea_unit_tests ${name}_test)
  endif()
  if(FOVEA_BENCH AND benches)
    add_executable(${name}_bench ${benches})
    target_link_libraries(${name}_bench PRIVATE fovea_metric_${name} fovea_metric_testing benchmark::benchmark benchmark::benchmark_main)
  endif()
endfunction()
