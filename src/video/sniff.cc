// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/sniff.h"

#include <cstring>
#include <string_view>

namespace fovea {
namespace {

bool has(std::span<const uint8_t> head, size_t at, std::string_view text) {
  return head.size() >= at + text.size() && std::memcmp(head.data() + at, text.data(), text.size()) == 0;
}

// A sync byte every `packet` bytes. A flat picture of value 0x47 has those too, but not a legal packet
// header.
bool is_transport_stream(std::span<const uint8_t> head, size_t first, size_t packet) {
  int packets = 0;
  for (size_t at = first; at + 4 <= head.size(); at += packet, ++packets) {
    const bool has_payload_or_adaptation = (head[at + 3] & 0x30) != 0;
    if (head[at] != 0x47 || (head[at + 1] & 0x80) != 0 || !has_payload_or_adaptation) return false;
  }
  return packets >= 4;
}

// Start code and a NAL unit that may open a stream.
const char* annex_b(std::span<const uint8_t> head) {
  const size_t at = has(head, 0, {"\0\0\0\1", 4}) ? 4 : has(head, 0, {"\0\0\1", 3}) ? 3 : 0;
  if (at == 0 || head.size() < at + 2) return nullptr;
  const uint8_t a = head[at];
  const uint8_t b = head[at + 1];
  if (b == 1 && (a == 0x40 || a == 0x42 || a == 0x46)) return "H.265 elementary stream";  // VPS, SPS, AUD
  const bool is_avc_profile = b == 66 || b == 77 || b == 88 || b == 100 || b == 110 || b == 122 || b == 244;
  if ((a == 0x67 || a == 0x27 || a == 0x47) && is_avc_profile) return "H.264 elementary stream";  // SPS
  if (a == 0x09 && (b & 0x1f) == 0x10) return "H.264 elementary stream";                          // AUD
  if (a == 0xb3) return "MPEG video";
  if (a == 0xba) return "MPEG program stream";
  return nullptr;
}

}  // namespace

const char* sniff_container(std::span<const uint8_t> head) {
  if (has(head, 0, "YUV4MPEG")) return "y4m";
  for (const char* box : {"ftyp", "moov", "mdat", "moof", "styp", "wide", "free", "skip"}) {
    if (has(head, 4, box)) return "mp4/mov";
  }
  if (has(head, 0, "\x1a\x45\xdf\xa3")) return "matroska/webm";
  if (is_transport_stream(head, 0, 188) || is_transport_stream(head, 4, 192)) return "MPEG transport stream";
  if (has(head, 0, "RIFF") && (has(head, 8, "AVI ") || has(head, 8, "WAVE") || has(head, 8, "WEBP")))
    return "RIFF (avi)";
  if (has(head, 0, "DKIF")) return "ivf";
  if (has(head, 0, "FLV\x01")) return "flv";
  if (has(head, 0, "OggS")) return "ogg";
  if (has(head, 0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11")) return "asf/wmv";
  if (has(head, 0, "\x89PNG\r\n\x1a\n")) return "png";
  if (has(head, 0, "\xff\xd8\xff\xe0") || has(head, 0, "\xff\xd8\xff\xe1")) return "jpeg";
  if (has(head, 0, {"\x06\x0e\x2b\x34\x02\x05\x01\x01", 8})) return "mxf";
  if (has(head, 0, {"\x12\x00\x0a", 3}) && head.size() > 3 && head[3] >= 8 && head[3] <= 32)
    return "AV1 elementary stream";
  return annex_b(head);
}

}  // namespace fovea
