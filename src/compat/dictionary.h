// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "base/params.h"
#include "libvmaf/feature.h"

struct VmafFeatureDictionary {
  fovea::OptionMap options;
};
