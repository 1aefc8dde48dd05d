/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Neural networks in ONNX files. They run in ONNX Runtime, a library that is looked for when one of these
 * functions is first called; without it vmaf_dnn_available() returns 0 and the others -ENOSYS, whatever their
 * arguments. Errors are negative errnos; the log says more.
 *
 * Graphs are scanned before they are run: known operators only, no control flow, no custom code, weights in the
 * file or in plain files beside it, at most 50 MiB. If the environment variable VMAF_TINY_MODEL_DIR names a
 * folder, other places are refused (-EACCES).
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

/* Everything runs on the CPU in single precision: other devices are accepted with a warning. */
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

/* 1 if ONNX Runtime was found, else 0. */
int vmaf_dnn_available(void);

/*
 * Scores the luma of every distorted picture with a network: one input [1, 1, height, width], samples as fractions
 * of the largest code; one output with one number. The feature has the "name" of the .json beside the model, or is
 * vmaf_tiny_model. One for a context (-EBUSY). -EINVAL, -ENOENT no such file, -E2BIG, -EBADMSG refused by the scan,
 * -ENOTSUP takes no plane. vmaf_read_pictures() returns -ERANGE for pictures of another size than the network's.
 */
int vmaf_use_tiny_model(VmafContext *ctx, const char *onnx_path, const VmafDnnConfig *cfg);

/* A network on its own. *out is NULL after an error; errors as above, -EIO if the runtime refuses it. */
int vmaf_dnn_session_open(VmafDnnSession **out, const char *onnx_path, const VmafDnnConfig *cfg);

/*
 * A plane in, a plane of the same size out: code / largest code, and back by rounding and clamping. Strides in
 * bytes; in and out may be the same. -ENOTSUP: the network does not map one plane to one plane; -ERANGE: its size is
 * another one; -EINVAL: bpc outside 9..16, among others; -EIO.
 */
int vmaf_dnn_session_run_luma8(VmafDnnSession *sess, const uint8_t *in, size_t in_stride, int w, int h, uint8_t *out,
                               size_t out_stride);
int vmaf_dnn_session_run_plane16(VmafDnnSession *sess, const uint16_t *in, size_t in_stride, int w, int h, int bpc,
                                 uint16_t *out, size_t out_stride);

/*
 * Every input and output of the graph, each once. -ENOSPC: an output needs more room than `capacity`; `written` of
 * all then says how much.
 */
int vmaf_dnn_session_run(VmafDnnSession *sess, const VmafDnnInput *inputs, size_t n_inputs, VmafDnnOutput *outputs,
                         size_t n_outputs);
void vmaf_dnn_session_close(VmafDnnSession *sess);

/* "CPU"; NULL for a session that is not open. */
const char *vmaf_dnn_session_attached_ep(VmafDnnSession *sess);

/* -ENOSYS: there is no check of signatures. */
int vmaf_dnn_verify_signature(const char *onnx_path, const char *registry_path);

#ifdef __cplusplus
}
#endif

#endif
