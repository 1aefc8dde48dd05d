// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/libav/av_api.h"

#ifndef FOVEA_LIBAV_LINK
#include <dlfcn.h>
#endif

#include <string>

namespace fovea {

AvApi av;

namespace {

#ifdef FOVEA_LIBAV_LINK

Status load_once() {
#define FOVEA_AV_BIND(name) av.name = &::name;
  FOVEA_AV_FUNCTIONS(FOVEA_AV_BIND, FOVEA_AV_BIND, FOVEA_AV_BIND)
#undef FOVEA_AV_BIND
  return {};
}

#else

struct Library {
  void* handle = nullptr;
  std::string name;
};

Result<Library> open_library(const std::string& stem, int major) {
  Library out;
#ifdef __APPLE__
  out.name = "lib" + stem + "." + std::to_string(major) + ".dylib";
#else
  out.name = "lib" + stem + ".so." + std::to_string(major);
#endif
  out.handle = dlopen(out.name.c_str(), RTLD_LAZY | RTLD_LOCAL);  // stays loaded
  if (out.handle == nullptr) {
    const char* reason = dlerror();
    return unsupported_error("containers need FFmpeg's libraries, and " + out.name + " cannot be loaded (" +
                             (reason ? reason : "?") + "); y4m and raw yuv can be read without them");
  }
  return out;
}

template <class Function>
Status bind(const Library& library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library.handle, name));
  if (function == nullptr) return unsupported_error(library.name + " has no function " + name);
  return {};
}

Status load_once() {
  FOVEA_ASSIGN(const Library format, open_library("avformat", LIBAVFORMAT_VERSION_MAJOR));
  FOVEA_ASSIGN(const Library codec, open_library("avcodec", LIBAVCODEC_VERSION_MAJOR));
  FOVEA_ASSIGN(const Library util, open_library("avutil", LIBAVUTIL_VERSION_MAJOR));
#define FOVEA_AV_UTIL(name) FOVEA_TRY(bind(util, #name, av.name));
#define FOVEA_AV_CODEC(name) FOVEA_TRY(bind(codec, #name, av.name));
#define FOVEA_AV_FORMAT(name) FOVEA_TRY(bind(format, #name, av.name));
  FOVEA_AV_FUNCTIONS(FOVEA_AV_UTIL, FOVEA_AV_CODEC, FOVEA_AV_FORMAT)
#undef FOVEA_AV_UTIL
#undef FOVEA_AV_CODEC
#undef FOVEA_AV_FORMAT
  return {};
}

#endif

}  // namespace

Status load_av() {
  static const Status status = load_once();
  return status;
}

}  // namespace fovea
