// SPDX-License-Identifier: BSD-2-Clause-Patent
// Functions of optional parts that this build does not have: there to link, and to say so.
#include "compat/call.h"
#include "libvmaf/dnn.h"
#include "libvmaf/libvmaf_cuda.h"

FOVEA_API int vmaf_cuda_state_init(VmafCudaState** cu_state, VmafCudaConfiguration) {
  if (cu_state != nullptr) *cu_state = nullptr;
  return -ENOSYS;
}
FOVEA_API int vmaf_cuda_state_free(VmafCudaState*) { return -ENOSYS; }
FOVEA_API int vmaf_cuda_import_state(VmafContext*, VmafCudaState*) { return -ENOSYS; }
FOVEA_API int vmaf_cuda_preallocate_pictures(VmafContext*, VmafCudaPictureConfiguration) { return -ENOSYS; }
FOVEA_API int vmaf_cuda_fetch_preallocated_picture(VmafContext*, VmafPicture*) { return -ENOSYS; }

FOVEA_API int vmaf_dnn_available(void) { return 0; }
FOVEA_API int vmaf_use_tiny_model(VmafContext*, const char*, const VmafDnnConfig*) { return -ENOSYS; }
FOVEA_API int vmaf_dnn_session_open(VmafDnnSession** out, const char*, const VmafDnnConfig*) {
  if (out != nullptr) *out = nullptr;
  return -ENOSYS;
}
FOVEA_API int vmaf_dnn_session_run_luma8(VmafDnnSession*, const uint8_t*, size_t, int, int, uint8_t*, size_t) {
  return -ENOSYS;
}
FOVEA_API int vmaf_dnn_session_run_plane16(VmafDnnSession*, const uint16_t*, size_t, int, int, int, uint16_t*, size_t) {
  return -ENOSYS;
}
FOVEA_API int vmaf_dnn_session_run(VmafDnnSession*, const VmafDnnInput*, size_t, VmafDnnOutput*, size_t) { return -ENOSYS; }
FOVEA_API void vmaf_dnn_session_close(VmafDnnSession*) {}
FOVEA_API const char* vmaf_dnn_session_attached_ep(VmafDnnSession*) { return nullptr; }
FOVEA_API int vmaf_dnn_verify_signature(const char*, const char*) { return -ENOSYS; }
