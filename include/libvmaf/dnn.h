/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Neural networks in ONNX files. This build has none: vmaf_dnn_available() returns 0 and the other functions
 * -ENOSYS, whatever their arguments.
 */
#ifndef LIBVMAF_DNN_H
#define LIBVMAF_DNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libvmaf.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum VmafDnnDevice {
    VMAF_DNN_DEVICE_AUTO = 0,
    VMAF_DNN_DEVICE_CPU = 1,
    VMAF_DNN_DEVICE_CUDA = 2,
    VMAF_DNN_DEVICE_OPENVINO = 3,
    VMAF_DNN_DEVICE_ROCM = 4,
    VMAF_DNN_DEVICE_COREML = 5,
    VMAF_DNN_DEVICE_COREML_ANE = 6,
    VMAF_DNN_DEVICE_COREML_GPU = 7,
    VMAF_DNN_DEVICE_COREML_CPU = 8,
    VMAF_DNN_DEVICE_OPENVINO_NPU = 9,
    VMAF_DNN_DEVICE_OPENVINO_CPU = 10,
    VMAF_DNN_DEVICE_OPENVINO_GPU = 11,
} VmafDnnDevice;

typedef struct VmafDnnConfig {
    VmafDnnDevice device;
    int device_index;
    int threads; /* 0: the runtime's default */
    bool fp16_io;
} VmafDnnConfig;

/* Tensors are float32 in row-major order; a NULL name binds by position. */
typedef struct VmafDnnInput {
    const char *name;
    const float *data;
    const int64_t *shape;
    size_t rank;
} VmafDnnInput;

typedef struct VmafDnnOutput {
    const char *name;
    float *data;
    size_t capacity; /* numbers that fit */
    size_t written;
} VmafDnnOutput;

typedef struct VmafDnnSession VmafDnnSession;

int vmaf_dnn_available(void);
int vmaf_use_tiny_model(VmafContext *ctx, const char *onnx_path, const VmafDnnConfig *cfg);
int vmaf_dnn_session_open(VmafDnnSession **out, const char *onnx_path, const VmafDnnConfig *cfg);
int vmaf_dnn_session_run_luma8(VmafDnnSession *sess, const uint8_t *in, size_t in_stride, int w, int h, uint8_t *out,
                               size_t out_stride);
int vmaf_dnn_session_run_plane16(VmafDnnSession *sess, const uint16_t *in, size_t in_stride, int w, int h, int bpc,
                                 uint16_t *out, size_t out_stride);
int vmaf_dnn_session_run(VmafDnnSession *sess, const VmafDnnInput *inputs, size_t n_inputs, VmafDnnOutput *outputs,
                         size_t n_outputs);
void vmaf_dnn_session_close(VmafDnnSession *sess);
const char *vmaf_dnn_session_attached_ep(VmafDnnSession *sess); /* NULL */
int vmaf_dnn_verify_signature(const char *onnx_path, const char *registry_path);

#ifdef __cplusplus
}
#endif

#endif
