#!/usr/bin/env bash
# Installs the library into a folder of its own and builds a program against it, in C and in C++, shared and
# static: with pkg-config, with CMake's find_package after the folder has moved, and from Debian packages.
#   install_test.sh BUILD_FOLDER SOURCE_FOLDER
# Exit status 77: skipped, for want of a tool.
set -euo pipefail
build=$(realpath "$1") source=$(realpath "$2")
for tool in cmake pkg-config cc c++; do
  command -v $tool >/dev/null || { echo "SKIP: there is no $tool here"; exit 77; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tree=$folder/tree
for component in runtime dev; do
  cmake --install "$build" --prefix "$tree" --component $component >/dev/null
done
lib=$(dirname "$(find "$tree" -name libvmaf.so.3)")
export PKG_CONFIG_PATH=$lib/pkgconfig
fail() { echo "FAIL: $*"; exit 1; }

for file in libvmaf.so libvmaf.so.3 libvmaf.so.3.2.0 libvmaf.a pkgconfig/libvmaf.pc; do
  [ -e "$lib/$file" ] || fail "$file is not installed"
done
for header in libvmaf feature model picture version libvmaf_cuda dnn metadata; do
  [ -e "$tree/include/libvmaf/$header.h" ] || fail "$header.h is not installed"
  # Each by itself, as C and as C++, found both ways.
  for include in "libvmaf/$header.h" "$header.h"; do
    printf '#include <%s>\nint translation_unit;\n' "$include" | cc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $(pkg-config --cflags libvmaf) -x c - ||
      fail "$include does not stand alone in C"
    echo "#include <$include>" | c++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only $(pkg-config --cflags libvmaf) -x c++ - ||
      fail "$include does not stand alone in C++"
  done
done
pkg-config --atleast-version=2.0.0 libvmaf || fail "FFmpeg asks for libvmaf >= 2.0.0"
[ "$(pkg-config --modversion libvmaf | xargs)" = 3.2.0 ] || fail "version"
[ "$(pkg-config --cflags libvmaf | xargs)" = "-I$tree/include -I$tree/include/libvmaf" ] || fail "two include folders: $(pkg-config --cflags libvmaf)"

cc -std=c99 -Wall -Werror "$source/install_test.c" $(pkg-config --cflags --libs libvmaf) -o "$folder/shared"
shared=$(LD_LIBRARY_PATH=$lib "$folder/shared")
ldd_line=$(LD_LIBRARY_PATH=$lib ldd "$folder/shared" | grep libvmaf)
case $ldd_line in *"$lib/libvmaf.so.3"*) ;; *) fail "the program loads $ldd_line" ;; esac
ldd "$lib/libvmaf.so.3" | grep -i onnxruntime && fail "ONNX Runtime is to be looked for at run time, not linked"

c++ -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Werror -x c++ "$source/install_test.c" -x none \
  $(pkg-config --cflags --libs libvmaf) -o "$folder/cxx"
[ "$shared" = "$(LD_LIBRARY_PATH=$lib "$folder/cxx")" ] || fail "the program says something else in C++"

flags=$(pkg-config --static --libs libvmaf | sed "s| -lvmaf| $lib/libvmaf.a|")
cc -std=c99 "$source/install_test.c" $(pkg-config --cflags libvmaf) $flags -o "$folder/static"
static=$(LD_LIBRARY_PATH= "$folder/static")
[ "$shared" = "$static" ] || fail "shared says '$shared', static '$static'"
case $shared in "3.2 3.2.0"*) ;; *) fail "the program says '$shared'" ;; esac

# ---- find_package ----
mv "$tree" "$folder/moved"
mkdir "$folder/consumer"
cp "$source/install_test.c" "$folder/consumer/main.c"
cp "$source/install_test.c" "$folder/consumer/main.cc"
cat >"$folder/consumer/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.22)
project(consumer LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(fovea 0.1 REQUIRED)
foreach(language c cc)
  foreach(kind libvmaf libvmaf_static)
    add_executable(${language}_${kind} main.${language})
    target_link_libraries(${language}_${kind} PRIVATE fovea::${kind})
  endforeach()
endforeach()
EOF
(cd "$folder/consumer" && cmake -S . -B build -DCMAKE_PREFIX_PATH="$folder/moved" -DCMAKE_C_FLAGS=-Werror &&
  cmake --build build) >"$folder/log" 2>&1 || { cat "$folder/log"; fail "a CMake project does not build with find_package(fovea)"; }
for program in c_libvmaf c_libvmaf_static cc_libvmaf cc_libvmaf_static; do
  [ "$shared" = "$(LD_LIBRARY_PATH= "$folder/consumer/build/$program")" ] || fail "$program, built with find_package, says something else"
done
[ -n "$(ldd "$folder/consumer/build/cc_libvmaf" | grep libvmaf)" ] || fail "fovea::libvmaf is not the shared library"
[ -z "$(ldd "$folder/consumer/build/c_libvmaf_static" | grep libvmaf)" ] || fail "fovea::libvmaf_static is not static"
! (cd "$folder/consumer" && sed -i 's/fovea 0.1/fovea 0.2/' CMakeLists.txt && cmake -S . -B other -DCMAKE_PREFIX_PATH="$folder/moved") >/dev/null 2>&1 ||
  fail "find_package(fovea 0.2) takes version 0.1"

# ---- Debian packages ----
if command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null; then
  (cd "$folder" && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$folder/packages" -D "CPACK_COMPONENTS_ALL=runtime;dev") \
    >"$folder/log" 2>&1 || { cat "$folder/log"; fail "cpack makes no packages"; }
  runtime=$(echo "$folder"/packages/libvmaf3-fovea_*.deb) dev=$(echo "$folder"/packages/libvmaf-fovea-dev_*.deb)
  files() { dpkg-deb --fsys-tarfile "$1" | tar t | grep -v '/$' | sed 's|.*/||' | sort | xargs; }
  [ "$(files "$runtime")" = "copyright libvmaf.so.3 libvmaf.so.3.2.0" ] || fail "the runtime package holds $(files "$runtime")"
  [[ " $(files "$dev") " =~ " libvmaf.so " && " $(files "$dev") " =~ " libvmaf.pc " && " $(files "$dev") " =~ " fovea-config.cmake " ]] ||
    fail "the development package holds $(files "$dev")"
  [[ ! " $(files "$dev") " =~ " libvmaf.so.3 " ]] || fail "both packages hold libvmaf.so.3"
  for field in "$runtime Depends libhwy1" "$runtime Depends libc6" "$runtime Provides libvmaf3" "$dev Depends libvmaf3-fovea" "$dev Provides libvmaf-dev"; do
    read -r package name value <<<"$field"
    [[ "$(dpkg-deb -f "$package" "$name")" == *"$value"* ]] || fail "$(basename "$package"): $name: $(dpkg-deb -f "$package" "$name")"
  done
  dpkg-deb --ctrl-tarfile "$runtime" | tar xO ./shlibs | grep -q '^libvmaf 3 libvmaf3-fovea' || fail "the runtime package has no shlibs file"
  dpkg-deb -x "$runtime" "$folder/root"
  dpkg-deb -x "$dev" "$folder/root"
  export PKG_CONFIG_PATH=$(dirname "$(find "$folder/root" -name libvmaf.pc)") PKG_CONFIG_SYSROOT_DIR=$folder/root
  cc -std=c99 "$source/install_test.c" $(pkg-config --cflags --libs libvmaf) -o "$folder/packaged"
  [ "$shared" = "$(LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH") "$folder/packaged")" ] || fail "the packaged library says something else"
fi
echo "OK: $shared"
