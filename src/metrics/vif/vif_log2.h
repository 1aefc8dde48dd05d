// SPDX-License-Identifier: BSD-2-Clause-Patent
// The logarithm of VIF without its 64 KiB table. Between two powers of two, T[i] - 30720 for i in
// [32768, 65536) is floor(c0 + u (c1 + u c2 ...)), evaluated by Horner's rule with fused multiply-adds in single
// precision, where u = (i - start of the segment) / 32768 and the octave is cut in 32 (8) equal segments.
// The coefficients were fitted to keep away from every rounding border; a test compares all 32768 values.
#pragma once

namespace fovea::vif {

alignas(64) inline constexpr float kLog2Quadratic[3][32] = {
    {0x1.012d2ap-1f, 0x1.6dae8ap+6f, 0x1.6740a2p+7f, 0x1.0945eep+8f, 0x1.5c81b2p+8f, 0x1.ad75dp+8f,
     0x1.fc441ap+8f, 0x1.2480d6p+9f, 0x1.49e78ep+9f, 0x1.6e6252p+9f, 0x1.91fafp+9f, 0x1.b4bf26p+9f,
     0x1.d6b56ap+9f, 0x1.f7e8e6p+9f, 0x1.0c304p+10f, 0x1.1c131ep+10f, 0x1.2ba04ap+10f, 0x1.3adb58p+10f,
     0x1.49c79ap+10f, 0x1.586838p+10f, 0x1.66c028p+10f, 0x1.74d1f2p+10f, 0x1.82a0f2p+10f, 0x1.902ea8p+10f,
     0x1.9d7db8p+10f, 0x1.aa909ap+10f, 0x1.b768fap+10f, 0x1.c409e6p+10f, 0x1.d07408p+10f, 0x1.dca988p+10f,
     0x1.e8ac7ep+10f, 0x1.f47e2ep+10f},
    {0x1.7146cp+11f, 0x1.661532p+11f, 0x1.5b882cp+11f, 0x1.51a046p+11f, 0x1.484a0ep+11f, 0x1.3f692ap+11f,
     0x1.36e1bap+11f, 0x1.2efep+11f, 0x1.276e7p+11f, 0x1.201a66p+11f, 0x1.198054p+11f, 0x1.12cb44p+11f,
     0x1.0c9358p+11f, 0x1.0692b2p+11f, 0x1.00f336p+11f, 0x1.f6e9ap+10f, 0x1.ec66dp+10f, 0x1.e25d32p+10f,
     0x1.d8b7a6p+10f, 0x1.cf7116p+10f, 0x1.c683d6p+10f, 0x1.be0678p+10f, 0x1.b59306p+10f, 0x1.adaf8ep+10f,
     0x1.a60adcp+10f, 0x1.9eaf94p+10f, 0x1.97a9aap+10f, 0x1.908e78p+10f, 0x1.89f108p+10f, 0x1.8395aep+10f,
     0x1.7d409p+10f, 0x1.7729a8p+10f},
    {-0x1.66fa9ap+10f, -0x1.5107cep+10f, -0x1.3c8b4ep+10f, -0x1.2c698cp+10f, -0x1.1f540ap+10f,
     -0x1.0e88b8p+10f, -0x1.f846b6p+9f, -0x1.e5b0ap+9f, -0x1.cccdcep+9f, -0x1.9f6428p+9f, -0x1.b2a0a2p+9f,
     -0x1.8cb83ep+9f, -0x1.7da3p+9f, -0x1.6abd74p+9f, -0x1.6417c4p+9f, -0x1.511fccp+9f, -0x1.417abap+9f,
     -0x1.34f144p+9f, -0x1.29416ap+9f, -0x1.1d2908p+9f, -0x1.11f806p+9f, -0x1.0b9bfcp+9f, -0x1.f0c8f6p+8f,
     -0x1.ea1b16p+8f, -0x1.d5743ep+8f, -0x1.cd83bp+8f, -0x1.c41922p+8f, -0x1.a4296p+8f, -0x1.9e4226p+8f,
     -0x1.a0d87ap+8f, -0x1.84c7d2p+8f, -0x1.77a79ap+8f},
};
alignas(32) inline constexpr float kLog2Cubic[4][8] = {
    {0x1.02c5cp-1f, 0x1.5c824p+8f, 0x1.49e7b6p+9f, 0x1.d6b58ap+9f, 0x1.2ba04ap+10f, 0x1.66c01cp+10f,
     0x1.9d7db2p+10f, 0x1.d0742p+10f},
    {0x1.7144e4p+11f, 0x1.4844fap+11f, 0x1.277134p+11f, 0x1.0c971cp+11f, 0x1.ec6d8ep+10f, 0x1.c68c64p+10f,
     0x1.a61576p+10f, 0x1.89ed7ap+10f},
    {-0x1.6d9202p+10f, -0x1.21f322p+10f, -0x1.d5c21ep+9f, -0x1.852246p+9f, -0x1.4730ccp+9f, -0x1.16cbdep+9f,
     -0x1.e12d0ap+8f, -0x1.a21e8ap+8f},
    {0x1.950056p+9f, 0x1.2783d2p+9f, 0x1.b07d62p+8f, 0x1.5083fcp+8f, 0x1.0467fep+8f, 0x1.9a1678p+7f,
     0x1.4db51ep+7f, 0x1.066944p+7f},
};

}  // namespace fovea::vif
