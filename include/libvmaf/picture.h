/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Pictures: planar YCbCr in memory that the library owns. Part of fovea's drop-in for libvmaf 3. */
#ifndef LIBVMAF_PICTURE_H
#define LIBVMAF_PICTURE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum VmafPixelFormat {
    VMAF_PIX_FMT_UNKNOWN,
    VMAF_PIX_FMT_YUV420P,
    VMAF_PIX_FMT_YUV422P,
    VMAF_PIX_FMT_YUV444P,
    VMAF_PIX_FMT_YUV400P, /* luma only */
};

typedef struct VmafRef VmafRef;

/*
 * The fields are for reading, but for the samples behind data[]. Planes: luma, Cb, Cr. A sample takes one byte
 * if bpc is 8, else two (native byte order, the value in the low bits). stride[] counts bytes.
 * Subsampled planes of odd pictures are rounded down: w[1] = w[0] / 2.
 */
typedef struct VmafPicture {
    enum VmafPixelFormat pix_fmt;
    unsigned bpc; /* bits per sample, 8 .. 16 */
    unsigned w[3], h[3];
    ptrdiff_t stride[3];
    void *data[3];
    VmafRef *ref;
    void *priv;
} VmafPicture;

/*
 * Makes a picture of zeros; whatever *pic held is overwritten. Width and height are 1 .. 32768.
 * Give it back with vmaf_picture_unref(), or hand it over with vmaf_read_pictures().
 * Returns 0, -EINVAL, -ENOMEM.
 */
int vmaf_picture_alloc(VmafPicture *pic, enum VmafPixelFormat pix_fmt, unsigned bpc, unsigned w, unsigned h);

/*
 * Gives a picture back and zeroes *pic. -EINVAL if the caller does not own it (any more): it was given back or
 * handed over before, perhaps through a copy of the struct.
 */
int vmaf_picture_unref(VmafPicture *pic);

#ifdef __cplusplus
}
#endif

#endif
