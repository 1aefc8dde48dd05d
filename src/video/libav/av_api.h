// SPDX-License-Identifier: BSD-2-Clause-Patent
// FFmpeg's functions, loaded when the first container is opened. Linking them instead would make every run of every
// program load some 130 shared libraries first (31 ms of processor time on Debian 12), whatever it reads.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
}

#include "base/result.h"

#define FOVEA_AV_FUNCTIONS(UTIL, CODEC, FORMAT)                                                                  \
  UTIL(av_dict_free) UTIL(av_dict_set) UTIL(av_frame_alloc) UTIL(av_frame_free) UTIL(av_frame_unref)             \
  UTIL(av_freep) UTIL(av_get_pix_fmt_name) UTIL(av_log_default_callback) UTIL(av_log_set_callback)               \
  UTIL(av_malloc) UTIL(av_pix_fmt_desc_get) UTIL(av_strerror)                                                    \
  CODEC(av_packet_alloc) CODEC(av_packet_free) CODEC(av_packet_unref) CODEC(avcodec_alloc_context3)              \
  CODEC(avcodec_find_decoder) CODEC(avcodec_free_context) CODEC(avcodec_get_name) CODEC(avcodec_open2)           \
  CODEC(avcodec_parameters_to_context) CODEC(avcodec_receive_frame) CODEC(avcodec_send_packet)                   \
  FORMAT(av_guess_frame_rate) FORMAT(av_read_frame) FORMAT(avformat_alloc_context) FORMAT(avformat_close_input)  \
  FORMAT(avformat_find_stream_info) FORMAT(avformat_free_context) FORMAT(avformat_open_input)                    \
  FORMAT(avio_alloc_context) FORMAT(avio_context_free)

namespace fovea {

struct AvApi {
#define FOVEA_AV_MEMBER(name) decltype(&::name) name = nullptr;
  FOVEA_AV_FUNCTIONS(FOVEA_AV_MEMBER, FOVEA_AV_MEMBER, FOVEA_AV_MEMBER)
#undef FOVEA_AV_MEMBER
};

// Usable once load_av() has succeeded.
extern AvApi av;

// Loads the libraries of the major versions that this was compiled for. The error says which one is missing.
// Safe from any thread; the work is done once.
Status load_av();

}  // namespace fovea
