#!/usr/bin/env bash
# FFmpeg's own libvmaf filter, not patched, on this library.
#
#   ffmpeg_test.sh BUILD_FOLDER            build FFmpeg against the installed tree, run the filter, compare
#   ffmpeg_test.sh BUILD_FOLDER --speed    the same, then measure 1080p against Netflix's library
#
# Environment:
#   FOVEA_FFMPEG         an ffmpeg whose filter loads libvmaf.so.3; then nothing is built
#   FOVEA_FFMPEG_SOURCE  FFmpeg's source, unpacked
#   FOVEA_FFMPEG_FETCH   1: get Debian's source package with apt-get (needs the network)
#   FOVEA_FFMPEG_CACHE   where the build is kept (default ~/.cache/fovea/ffmpeg)
#   FOVEA_PEER_LIB       folder with Netflix's libvmaf.so.3: every report is compared with its
#   FOVEA_TEST_DATA      test clips
# Exit status 77: skipped, for want of one of them.
set -euo pipefail
build=$(realpath "$1")
speed=${2:-}
skip() { echo "SKIP: $*"; exit 77; }
fail() { echo "FAIL: $*"; exit 1; }

clips=${FOVEA_TEST_DATA:-}/clips
[ -d "$clips/netflix" ] || skip "set FOVEA_TEST_DATA to a folder with clips/netflix"
command -v cmake >/dev/null && command -v make >/dev/null && command -v pkg-config >/dev/null || skip "cmake, make or pkg-config is missing"
cache=${FOVEA_FFMPEG_CACHE:-$HOME/.cache/fovea/ffmpeg}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- FFmpeg ----
for component in runtime dev; do
  cmake --install "$build" --prefix "$work/tree" --component $component >/dev/null
done
ours=$(dirname "$(find "$work/tree" -name libvmaf.so.3)")
ffmpeg=${FOVEA_FFMPEG:-}
if [ -z "$ffmpeg" ]; then
  source=${FOVEA_FFMPEG_SOURCE:-}
  if [ -z "$source" ]; then
    source=$(find "$cache/source" -maxdepth 1 -name 'ffmpeg-[0-9]*' -type d 2>/dev/null | head -1) || true
  fi
  if [ -z "$source" ]; then
    [ "${FOVEA_FFMPEG_FETCH:-}" = 1 ] || skip "set FOVEA_FFMPEG_SOURCE to FFmpeg's source, or FOVEA_FFMPEG_FETCH=1 to get Debian's"
    command -v apt-get >/dev/null || skip "there is no apt-get here to fetch FFmpeg's source"
    mkdir -p "$cache/source/parts" "$cache/source/lists"
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb-src [signed-by=$key] http://deb.debian.org/debian $suite main" >"$cache/source/parts/source.list"
    apt="-o Dir::Etc::sourceparts=$cache/source/parts -o Dir::Etc::sourcelist=/dev/null -o Dir::State::Lists=$cache/source/lists"
    (cd "$cache/source" && apt-get $apt update -qq && apt-get $apt source --download-only -qq ffmpeg && tar xf ffmpeg_*.orig.tar.xz) ||
      skip "FFmpeg's source package could not be had"
    source=$(find "$cache/source" -maxdepth 1 -name 'ffmpeg-[0-9]*' -type d | head -1)
  fi
  grep -q vmaf_init "$source/libavfilter/vf_libvmaf.c" || skip "$source has no libvmaf filter"
  # libvmaf.so.3 is found at run time: the same program runs on either library.
  ffmpeg=$cache/build/ffmpeg
  mkdir -p "$cache/build"
  (cd "$cache/build" && PKG_CONFIG_PATH=$ours/pkgconfig "$source/configure" --disable-everything --disable-doc --disable-autodetect \
    --disable-x86asm --enable-libvmaf --enable-filter=libvmaf,scale,format,null --enable-demuxer=yuv4mpegpipe,rawvideo \
    --enable-decoder=rawvideo,wrapped_avframe --enable-muxer=null --enable-encoder=wrapped_avframe \
    --enable-protocol=file,pipe >configure.log 2>&1 && make -j"$(nproc)" ffmpeg >make.log 2>&1) ||
    fail "FFmpeg does not build with this library; see $cache/build/*.log"
  echo "built: $source, unpatched, with $(PKG_CONFIG_PATH=$ours/pkgconfig pkg-config --modversion libvmaf)"
fi

# ---- Runs ----
# run LIBRARIES REPORT FORMAT SIZE REF DIS FILTER -> prints the scores
run() {
  local libraries=$1 report=$2 format=$3 size=$4 ref=$5 dis=$6 filter=$7
  LD_LIBRARY_PATH=$libraries "$ffmpeg" -nostdin -hide_banner -loglevel info \
    -f rawvideo -pix_fmt "$format" -s "$size" -i "$dis" -f rawvideo -pix_fmt "$format" -s "$size" -i "$ref" \
    -lavfi "$filter:log_path=$report" -f null - 2>"$work/log" || { cat "$work/log" >&2; return 1; }
  sed -n 's/.*\(VMAF score: .*\)/\1/p' "$work/log"
}
# Without what names the library and what measures time.
plain() { sed -e 's/<VMAF version="[^"]*">/<VMAF>/' -e 's/<fyi fps="[^"]*"/<fyi/' -e '/"version":/d' -e '/"fps":/d' "$1"; }

n=$clips/netflix
p8="yuv420p 576x324 $n/src01_hrc00_576x324_3frames.yuv $n/src01_hrc01_576x324_3frames.yuv"
p10="yuv420p10le 576x324 $n/src01_hrc00_576x324.yuv420p10le.yuv $n/src01_hrc01_576x324.yuv420p10le.yuv"
odd="yuv420p 575x323 $n/src01_hrc00_576x324_3frames.yuv $n/src01_hrc01_576x324_3frames.yuv"
full="yuv444p 288x216 $n/src01_hrc00_576x324_3frames.yuv $n/src01_hrc01_576x324_3frames.yuv"
clip="yuv420p 160x90 $n/ref_test_0_1_src01_hrc00_576x324_576x324_vs_src01_hrc01_576x324_576x324_q_160x90.yuv $n/dis_test_0_1_src01_hrc00_576x324_576x324_vs_src01_hrc01_576x324_576x324_q_160x90.yuv"
cases=(
  "$p8|libvmaf=log_fmt=xml"
  "$p8|libvmaf=log_fmt=json"
  "$p8|libvmaf=log_fmt=csv"
  "$p8|libvmaf=log_fmt=sub"
  "$p8|libvmaf=model=version=vmaf_v0.6.1neg"
  "$p8|libvmaf=model=version=vmaf_4k_v0.6.1\\\\:enable_transform=true"
  "$p8|libvmaf=model='version=vmaf_v0.6.1\\:name=vmaf|version=vmaf_v0.6.1neg\\:name=neg'"
  "$p8|libvmaf=model='version=vmaf_v0.6.1\\:vif.vif_enhn_gain_limit=1.0\\:adm.adm_enhn_gain_limit=1.0'"
  "$p8|libvmaf=feature=name=psnr"
  "$p8|libvmaf=feature='name=psnr\\:enable_chroma=false|name=cambi'"
  "$p8|libvmaf=pool=harmonic_mean"
  "$p10|libvmaf=feature=name=psnr"
  "$odd|libvmaf=feature=name=psnr"
  "$full|libvmaf=feature=name=psnr"
  "$clip|libvmaf=feature=name=psnr:log_fmt=csv"
  "$clip|libvmaf=n_subsample=5"
  "$clip|libvmaf=n_threads=3:log_fmt=json"
  "$clip|libvmaf=n_threads=2:n_subsample=4:log_fmt=json"
)
# Columns may stand in another order with threads.
same_json() {
  python3 - "$1" "$2" <<'PY'
import json, sys
a, b = (json.load(open(path)) for path in sys.argv[1:])
sys.exit(any(a[k] != b[k] for k in ("frames", "pooled_metrics", "aggregate_metrics")))
PY
}

peer=${FOVEA_PEER_LIB:-}
[ -n "$peer" ] || echo "FOVEA_PEER_LIB is not set: the filter runs, but nothing is compared with Netflix's library"
for entry in "${cases[@]}"; do
  input=${entry%%|*} filter=${entry#*|}
  read -r format size ref dis <<<"$input"
  mine=$(run "$ours" "$work/ours" $format $size $ref $dis "$filter") || fail "$filter: ffmpeg failed"
  [ -n "$mine" ] && [ -s "$work/ours" ] || fail "$filter: no score or no report"
  if [ -n "$peer" ]; then
    theirs=$(run "$peer" "$work/peer" $format $size $ref $dis "$filter") || fail "$filter: ffmpeg failed on Netflix's library"
    [ "$mine" = "$theirs" ] || fail "$filter ($format $size): '$mine', Netflix's library says '$theirs'"
    case $filter in
      *n_threads*) same_json "$work/ours" "$work/peer" || fail "$filter: the reports differ" ;;
      *) diff <(plain "$work/ours") <(plain "$work/peer") >"$work/diff" || { head -20 "$work/diff"; fail "$filter ($format $size): the reports differ"; } ;;
    esac
  fi
  echo "ok: $format $size $filter: $(echo $mine)"
done

# ---- Speed ----
[ "$speed" = --speed ] || exit 0
[ -n "$peer" ] || skip "set FOVEA_PEER_LIB to compare speed"
format=yuv420p size=1920x1080
frames() { head -c $((1920 * 1080 * 3 / 2)) "$1" | tee /dev/null; }
for side in ref dis; do
  for _ in $(seq 24); do frames "$n/dark_scene_1920x1080_420p_$side.yuv"; done >"$work/$side.yuv"
done
# Seconds of processor time (user and system) of a command, the least of three runs.
cpu_seconds() {
  local least=
  for _ in 1 2 3; do
    local t
    t=$( { TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>&1; } 2>&1 | awk '{print $1 + $2}')
    least=$(awk -v a="$t" -v b="${least:-$t}" 'BEGIN {print a < b ? a : b}')
  done
  echo "$least"
}
for threads in 0 2; do
  filter="libvmaf=n_threads=$threads"
  a=$(cpu_seconds run "$ours" "$work/r" $format $size "$work/ref.yuv" "$work/dis.yuv" "$filter")
  b=$(cpu_seconds run "$peer" "$work/r" $format $size "$work/ref.yuv" "$work/dis.yuv" "$filter")
  echo "1080p, 24 frames, n_threads=$threads: $a s of processor time here, $b s with Netflix's library: $(awk -v a="$a" -v b="$b" 'BEGIN {printf "%.2f", b / a}') times"
done
