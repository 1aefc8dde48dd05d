// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/cambi/cambi_heatmaps.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace fovea::cambi {

Result<std::unique_ptr<HeatMaps>> HeatMaps::open(const Plan& plan, const std::string& folder) {
  if (mkdir(folder.c_str(), 0770) != 0 && errno != EEXIST) {
    return output_error("cambi: cannot create the folder heatmaps_path=" + folder + ": " +
                        std::strerror(errno));
  }
  std::unique_ptr<HeatMaps> maps(new HeatMaps);
  float largest_weight = 0.0f;
  for (int d = 0; d < plan.contrasts; ++d) largest_weight = std::max(largest_weight, plan.weights[d]);
  const Layout& layout = plan.encode;
  maps->full_scale_ = static_cast<int>(largest_weight) * layout.window * layout.window / 4;
  int width = layout.width, height = layout.height;
  for (int s = 0; s < kScales; ++s) {
    maps->widths_[s] = layout.scales[s].width;
    maps->heights_[s] = layout.scales[s].height;
    const std::string path = folder + "/cambi_heatmap_scale_" + std::to_string(s) + "_" +
                             std::to_string(width) + "x" + std::to_string(height) + "_16b.gray";
    maps->files_[s] = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (maps->files_[s] < 0) return output_error("cambi: cannot write " + path + ": " + std::strerror(errno));
    width = (width + 1) / 2;
    height = (height + 1) / 2;
  }
  return maps;
}

HeatMaps::~HeatMaps() {
  for (const int file : files_) {
    if (file >= 0) close(file);
  }
}

bool HeatMaps::write(int64_t frame, int scale, const float* values) const {
  const size_t count = static_cast<size_t>(widths_[scale]) * heights_[scale];
  off_t at = static_cast<off_t>(frame) * static_cast<off_t>(2 * count);
  std::array<uint8_t, 16384> block;
  for (size_t next = 0; next < count;) {
    size_t bytes = 0;
    for (; next < count && bytes < block.size(); ++next) {
      const int level =
          static_cast<int>(std::min(static_cast<double>(values[next]) * 65535.0 / full_scale_, 65535.0));
      block[bytes++] = static_cast<uint8_t>(level & 255);
      block[bytes++] = static_cast<uint8_t>(level >> 8);
    }
    for (size_t done = 0; done < bytes;) {
      const ssize_t written = pwrite(files_[scale], block.data() + done, bytes - done, at);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      done += static_cast<size_t>(written);
      at += written;
    }
  }
  return true;
}

}  // namespace fovea::cambi
