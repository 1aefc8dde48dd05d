/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A program as others write it, built against the installed tree by install_test.sh. */
#include <libvmaf.h>
#include <libvmaf/version.h>
#include <stdio.h>

static void paint(VmafPicture *pic, unsigned frame, unsigned divisor) {
  for (unsigned y = 0; y < pic->h[0]; y++) {
    unsigned char *row = (unsigned char *)pic->data[0] + (ptrdiff_t)y * pic->stride[0];
    for (unsigned x = 0; x < pic->w[0]; x++) row[x] = (unsigned char)((x * 3 + y * 5 + frame * 11) % 256 / divisor * divisor);
  }
}

int main(void) {
  VmafConfiguration config = {.log_level = VMAF_LOG_LEVEL_INFO, .n_threads = 2};
  VmafModelConfig model_config = {.name = "vmaf"};
  VmafContext *vmaf;
  VmafModel *model;
  double score = -1;
  int err = vmaf_init(&vmaf, config);
  if (!err) err = vmaf_model_load(&model, &model_config, "vmaf_v0.6.1");
  if (!err) err = vmaf_use_features_from_model(vmaf, model);
  for (unsigned i = 0; i < 3 && !err; i++) {
    VmafPicture ref, dist;
    err = vmaf_picture_alloc(&ref, VMAF_PIX_FMT_YUV420P, 8, 160, 90);
    if (!err) err = vmaf_picture_alloc(&dist, VMAF_PIX_FMT_YUV420P, 8, 160, 90);
    if (err) break;
    paint(&ref, i, 1);
    paint(&dist, i, 16);
    err = vmaf_read_pictures(vmaf, &ref, &dist, i);
  }
  if (!err) err = vmaf_read_pictures(vmaf, NULL, NULL, 0);
  if (!err) err = vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, 2);
  if (err) {
    fprintf(stderr, "error %d\n", err);
    return 1;
  }
  vmaf_model_destroy(model);
  vmaf_close(vmaf);
  printf("%d.%d %s %f\n", VMAF_API_VERSION_MAJOR, VMAF_API_VERSION_MINOR, vmaf_version(), score);
  return 0;
}
