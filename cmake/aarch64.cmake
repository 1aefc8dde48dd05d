# Cross-building for 64-bit Arm with Debian's compiler. The libraries lie in build/cross/aarch64, where
# tools/test_aarch64 puts them; programs run under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

get_filename_component(FOVEA_CROSS_ROOT ${CMAKE_CURRENT_LIST_DIR}/../build/cross/aarch64 ABSOLUTE)
set(CMAKE_FIND_ROOT_PATH ${FOVEA_CROSS_ROOT} /usr/aarch64-linux-gnu)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${FOVEA_CROSS_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${FOVEA_CROSS_ROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${FOVEA_CROSS_ROOT}/usr/share/pkgconfig)
