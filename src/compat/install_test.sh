#!/usr/bin/env bash
# Installs the library into a folder of its own and builds a C program against it: with pkg-config, shared and
# static, and in C++.
#   install_test.sh BUILD_FOLDER SOURCE_FOLDER
# Exit status 77: skipped, for want of a tool.
set -euo pipefail
build=$1 source=$2
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

flags=$(pkg-config --static --libs libvmaf | sed "s| -lvmaf| $lib/libvmaf.a|")
cc -std=c99 "$source/install_test.c" $(pkg-config --cflags libvmaf) $flags -o "$folder/static"
static=$(LD_LIBRARY_PATH= "$folder/static")
[ "$shared" = "$static" ] || fail "shared says '$shared', static '$static'"
case $shared in "3.2 3.2.0"*) ;; *) fail "the program says '$shared'" ;; esac
echo "OK: $shared"
