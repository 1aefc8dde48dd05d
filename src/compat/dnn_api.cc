// SPDX-License-Identifier: BSD-2-Clause-Patent
// vmaf_dnn_*: networks without a context. Without ONNX Runtime: -ENOSYS, whatever the arguments.
#include "compat/call.h"
#include "compat/dnn_session.h"
#include "compat/handles.h"
#include "dnn/runtime.h"

namespace fovea::compat {
namespace {

using Sessions = Handles<VmafDnnSession>;

// Runs `body` with the live session behind the handle.
template <class Body>
int with_session(const VmafDnnSession* handle, Body&& body) noexcept {
  return call([&] {
    if (!dnn::runtime().ok()) return -ENOSYS;
    const auto session = Sessions::all().find(handle);
    return session == nullptr ? -EINVAL : body(*session);
  });
}

}  // namespace
}  // namespace fovea::compat

using namespace fovea::compat;

FOVEA_API int vmaf_dnn_available(void) {
  return call([] { return fovea::dnn::runtime().ok() ? 1 : 0; }) == 1 ? 1 : 0;
}

FOVEA_API int vmaf_dnn_session_open(VmafDnnSession** out, const char* onnx_path, const VmafDnnConfig* cfg) {
  return call([&] {
    if (out != nullptr) *out = nullptr;
    if (out == nullptr && fovea::dnn::runtime().ok()) return -EINVAL;
    std::shared_ptr<VmafDnnSession> session;
    if (const int status = VmafDnnSession::open(onnx_path, cfg, &session); status != 0) return status;
    *out = Sessions::all().add(std::move(session));
    return 0;
  });
}

FOVEA_API int vmaf_dnn_session_run_luma8(VmafDnnSession* sess, const uint8_t* in, size_t in_stride, int w,
                                         int h, uint8_t* out, size_t out_stride) {
  return with_session(
      sess, [&](const VmafDnnSession& s) { return s.filter(in, in_stride, w, h, 255, out, out_stride); });
}

FOVEA_API int vmaf_dnn_session_run_plane16(VmafDnnSession* sess, const uint16_t* in, size_t in_stride, int w,
                                           int h, int bpc, uint16_t* out, size_t out_stride) {
  return with_session(sess, [&](const VmafDnnSession& s) {
    if (bpc < 9 || bpc > 16) return -EINVAL;
    return s.filter(in, in_stride, w, h, (1 << bpc) - 1, out, out_stride);
  });
}

FOVEA_API int vmaf_dnn_session_run(VmafDnnSession* sess, const VmafDnnInput* inputs, size_t n_inputs,
                                   VmafDnnOutput* outputs, size_t n_outputs) {
  return with_session(sess, [&](const VmafDnnSession& s) {
    if (inputs == nullptr || outputs == nullptr || n_inputs == 0 || n_outputs == 0) return -EINVAL;
    return s.run({inputs, n_inputs}, {outputs, n_outputs});
  });
}

FOVEA_API void vmaf_dnn_session_close(VmafDnnSession* sess) {
  (void)call([&] {
    (void)Sessions::all().take(sess);
    return 0;
  });
}

FOVEA_API const char* vmaf_dnn_session_attached_ep(VmafDnnSession* sess) {
  return with_session(sess, [](const VmafDnnSession&) { return 0; }) == 0 ? "CPU" : nullptr;
}
