// SPDX-License-Identifier: BSD-2-Clause-Patent
// FOVEA_SANITIZED is 1 in builds with AddressSanitizer or ThreadSanitizer, else 0; GCC and clang say it
// differently.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FOVEA_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FOVEA_SANITIZED 1
#endif
#endif

#ifndef FOVEA_SANITIZED
#define FOVEA_SANITIZED 0
#endif
