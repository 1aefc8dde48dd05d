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

FOVEA_API int vmaf_dnn_verify_signature(const char*, const char*) { return -ENOSYS; }
