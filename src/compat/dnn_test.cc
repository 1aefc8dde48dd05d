// SPDX-License-Identifier: BSD-2-Clause-Patent
// Networks through the C API. With FOVEA_ONNXRUNTIME=/nowhere the first test runs and the others skip.
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "compat/api_testing.h"
#include "dnn/testing.h"
#include "libvmaf/dnn.h"
#include "libvmaf/metadata.h"

namespace fovea::compat {
namespace {

using dnn::testing::ModelBytes;
using Shape = std::vector<int64_t>;

TEST(NetworksWithoutTheRuntime, AreNotThere) {
  if (vmaf_dnn_available() != 0) GTEST_SKIP() << "ONNX Runtime is there";
  quiet();
  VmafDnnSession* session = reinterpret_cast<VmafDnnSession*>(8);
  EXPECT_EQ(vmaf_dnn_session_open(&session, "a.onnx", nullptr), -ENOSYS);
  EXPECT_EQ(session, nullptr);
  EXPECT_EQ(vmaf_dnn_session_open(nullptr, nullptr, nullptr), -ENOSYS);
  EXPECT_EQ(vmaf_use_tiny_model(nullptr, "a.onnx", nullptr), -ENOSYS);
  EXPECT_EQ(vmaf_dnn_session_run(nullptr, nullptr, 0, nullptr, 0), -ENOSYS);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(nullptr, nullptr, 0, 0, 0, nullptr, 0), -ENOSYS);
  EXPECT_EQ(vmaf_dnn_session_run_plane16(nullptr, nullptr, 0, 0, 0, 0, nullptr, 0), -ENOSYS);
  EXPECT_EQ(vmaf_dnn_session_attached_ep(nullptr), nullptr);
  EXPECT_EQ(vmaf_dnn_verify_signature("a.onnx", nullptr), -ENOSYS);
  vmaf_dnn_session_close(nullptr);
}

class Networks : public ::testing::Test {
 protected:
  void SetUp() override {
    if (vmaf_dnn_available() == 0) GTEST_SKIP() << "ONNX Runtime was not found";
    quiet();
  }
  void TearDown() override { unsetenv("VMAF_TINY_MODEL_DIR"); }
  std::string write(const ModelBytes& model, const char* name = "m.onnx") {
    return folder_.write(name, model.str());
  }
  VmafDnnSession* open_session(const ModelBytes& model) {
    VmafDnnSession* session = nullptr;
    EXPECT_EQ(vmaf_dnn_session_open(&session, write(model).c_str(), nullptr), 0);
    return session;
  }
  dnn::testing::Folder folder_{"fovea_compat_dnn_test"};
};

// y = 1 - x
ModelBytes negative(const Shape& shape) {
  ModelBytes m;
  m.input("x", shape).output("y", shape).weight("one", {1}, {1}).node("Sub", {"one", "x"}, {"y"});
  return m;
}
ModelBytes mean(const Shape& shape) {
  ModelBytes m;
  m.input("x", shape)
      .output("y", {1, 1, 1, 1})
      .node("ReduceMean", {"x"}, {"y"}, ModelBytes::integer("keepdims", 1));
  return m;
}
// sum = a + b, difference = a - b
ModelBytes two_by_two() {
  ModelBytes m;
  m.input("a", {-1}).input("b", {-1}).output("sum", {-1}).output("difference", {-1});
  m.node("Add", {"a", "b"}, {"sum"}).node("Sub", {"a", "b"}, {"difference"});
  return m;
}

TEST_F(Networks, OpenWhatIsThere) {
  VmafDnnSession* session = reinterpret_cast<VmafDnnSession*>(8);
  const auto open = [&](const char* path, const VmafDnnConfig* config = nullptr) {
    const int status = vmaf_dnn_session_open(&session, path, config);
    EXPECT_EQ(session == nullptr, status != 0);
    return status;
  };
  const std::string good = write(negative({1, 1, -1, -1}));
  EXPECT_EQ(open(nullptr), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_open(nullptr, good.c_str(), nullptr), -EINVAL);
  EXPECT_EQ(open(folder_.file("none.onnx").c_str()), -ENOENT);
  EXPECT_EQ(open(folder_.file("").c_str()), -ENOENT) << "a folder";
  EXPECT_EQ(open(folder_.write("empty.onnx", "").c_str()), -EBADMSG);
  EXPECT_EQ(open(folder_.write("text.onnx", "hello").c_str()), -EBADMSG);
  EXPECT_EQ(
      open(write(ModelBytes().input("x", {1}).output("y", {1}).node("EvilOp", {"x"}, {"y"}), "evil.onnx")
               .c_str()),
      -EBADMSG);
  EXPECT_EQ(open(write(ModelBytes().input("x", {1}).output("y", {1}).node("Add", {"x"}, {"y"}), "broken.onnx")
                     .c_str()),
            -EIO);
  const std::string large = folder_.write("large.onnx", "");
  std::filesystem::resize_file(large, (50 << 20) + 1);
  EXPECT_EQ(open(large.c_str()), -E2BIG);

  VmafDnnConfig config{};
  config.device = VMAF_DNN_DEVICE_CUDA;
  config.threads = 2;
  config.fp16_io = true;
  EXPECT_EQ(open(good.c_str(), &config), 0);
  EXPECT_STREQ(vmaf_dnn_session_attached_ep(session), "CPU");
  vmaf_dnn_session_close(session);
  EXPECT_EQ(vmaf_dnn_session_attached_ep(session), nullptr) << "a closed session";
  vmaf_dnn_session_close(session);
  const int wild = 99;
  std::memcpy(&config.device, &wild, sizeof wild);
  EXPECT_EQ(open(good.c_str(), &config), -EINVAL);
}

TEST_F(Networks, StayInTheirFolderIfThereIsOne) {
  const std::string inside = write(negative({1, 1, -1, -1}));
  std::filesystem::create_directories(folder_.file("sub"));
  VmafDnnSession* session = nullptr;
  setenv("VMAF_TINY_MODEL_DIR", folder_.file("sub").c_str(), 1);
  EXPECT_EQ(vmaf_dnn_session_open(&session, inside.c_str(), nullptr), -EACCES);
  std::filesystem::create_symlink(inside, folder_.file("sub/link.onnx"));
  EXPECT_EQ(vmaf_dnn_session_open(&session, folder_.file("sub/link.onnx").c_str(), nullptr), -EACCES);
  setenv("VMAF_TINY_MODEL_DIR", "/nowhere", 1);
  EXPECT_EQ(vmaf_dnn_session_open(&session, inside.c_str(), nullptr), -EACCES);
  setenv("VMAF_TINY_MODEL_DIR", folder_.file("").c_str(), 1);
  EXPECT_EQ(vmaf_dnn_session_open(&session, inside.c_str(), nullptr), 0);
  vmaf_dnn_session_close(session);
}

TEST_F(Networks, FilterPlanes) {
  for (const Shape& shape : {Shape{1, 1, 5, 7}, Shape{-1, 1, -1, -1}}) {
    VmafDnnSession* const session = open_session(negative(shape));
    std::vector<uint8_t> in(5 * 9), out(5 * 11, 77);
    for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<uint8_t>(i * 29);
    ASSERT_EQ(vmaf_dnn_session_run_luma8(session, in.data(), 9, 7, 5, out.data(), 11), 0);
    for (size_t y = 0; y < 5; ++y) {
      for (size_t x = 0; x < 7; ++x) EXPECT_EQ(out[y * 11 + x], 255 - in[y * 9 + x]);
      for (size_t x = 7; x < 11; ++x) EXPECT_EQ(out[y * 11 + x], 77) << "beyond the row";
    }
    std::vector<uint16_t> deep(5 * 7);
    for (size_t i = 0; i < deep.size(); ++i) deep[i] = static_cast<uint16_t>(i * 29);
    std::vector<uint16_t> same = deep;
    ASSERT_EQ(vmaf_dnn_session_run_plane16(session, same.data(), 14, 7, 5, 10, same.data(), 14), 0)
        << "in place";
    for (size_t i = 0; i < deep.size(); ++i) EXPECT_EQ(same[i], 1023 - deep[i]);
    vmaf_dnn_session_close(session);
  }
  // Rounded to the nearest code, half to even, and clamped.
  ModelBytes m;
  m.input("x", {1, 1, 1, 3})
      .output("y", {1, 1, 1, 3})
      .weight("w", {1, 1, 1, 3}, {-1, 0.5f, 3})
      .node("Mul", {"x", "w"}, {"y"});
  VmafDnnSession* const session = open_session(m);
  const uint8_t in[] = {200, 201, 200};
  uint8_t out[3] = {};
  ASSERT_EQ(vmaf_dnn_session_run_luma8(session, in, 3, 3, 1, out, 3), 0);
  EXPECT_EQ(out[0], 0);
  EXPECT_NEAR(out[1], 100.5, 0.5);
  EXPECT_EQ(out[2], 255);
  vmaf_dnn_session_close(session);
}

TEST_F(Networks, RefusePlanesThatDoNotFit) {
  uint8_t in[64] = {}, out[64] = {};
  const auto* in16 = reinterpret_cast<const uint16_t*>(in);
  auto* out16 = reinterpret_cast<uint16_t*>(out);
  VmafDnnSession* session = open_session(negative({1, 1, 4, 4}));
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 4, out, 4), 0);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 3, out, 4), -ERANGE);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 3, 3, 4, out, 4), -ERANGE);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 3, 4, 4, out, 4), -EINVAL) << "stride";
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 4, out, 3), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, nullptr, 4, 4, 4, out, 4), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 4, nullptr, 4), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 0, 4, out, 4), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, -1, out, 4), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(nullptr, in, 4, 4, 4, out, 4), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run_plane16(session, in16, 8, 4, 4, 16, out16, 8), 0);
  EXPECT_EQ(vmaf_dnn_session_run_plane16(session, in16, 8, 4, 4, 8, out16, 8), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run_plane16(session, in16, 8, 4, 4, 17, out16, 8), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run_plane16(session, in16, 7, 4, 4, 10, out16, 8), -EINVAL);
  vmaf_dnn_session_close(session);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 4, out, 4), -EINVAL) << "closed";

  for (const Shape& shape : {Shape{1, 3, 4, 4}, Shape{1, 1, 4}, Shape{2, 1, 4, 4}, Shape{1, -1, 4, 4}}) {
    session = open_session(negative(shape));
    EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 4, out, 4), -ENOTSUP);
    vmaf_dnn_session_close(session);
  }
  session = open_session(two_by_two());
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 4, out, 4), -ENOTSUP);
  vmaf_dnn_session_close(session);
  session = open_session(mean({1, 1, 4, 4}));
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 4, out, 4), -ENOTSUP) << "one number of sixteen";
  vmaf_dnn_session_close(session);
  ModelBytes nan;
  nan.input("x", {1, 1, 4, 4})
      .output("y", {1, 1, 4, 4})
      .node("Sub", {"x", "x"}, {"z"})
      .node("Div", {"z", "z"}, {"y"});
  session = open_session(nan);
  EXPECT_EQ(vmaf_dnn_session_run_luma8(session, in, 4, 4, 4, out, 4), -EIO);
  vmaf_dnn_session_close(session);
}

TEST_F(Networks, RunWithAnyTensors) {
  VmafDnnSession* const session = open_session(two_by_two());
  const float a[] = {1, 2, 3}, b[] = {10, 20, 30};
  const int64_t three = 3;
  float sum[4] = {}, difference[4] = {};
  VmafDnnInput inputs[] = {{"b", b, &three, 1}, {"a", a, &three, 1}};
  VmafDnnOutput outputs[] = {{"difference", difference, 4, 0}, {"sum", sum, 3, 0}};
  ASSERT_EQ(vmaf_dnn_session_run(session, inputs, 2, outputs, 2), 0);
  EXPECT_EQ(outputs[0].written, 3u);
  EXPECT_EQ(difference[2], -27);
  EXPECT_EQ(sum[1], 22);
  // By position.
  VmafDnnInput unnamed[] = {{nullptr, a, &three, 1}, {nullptr, b, &three, 1}};
  VmafDnnOutput unnamed_out[] = {{nullptr, sum, 3, 0}, {nullptr, difference, 3, 0}};
  ASSERT_EQ(vmaf_dnn_session_run(session, unnamed, 2, unnamed_out, 2), 0);
  EXPECT_EQ(sum[0], 11);
  EXPECT_EQ(difference[0], -9);
  // Too little room: how much is needed, and nothing beyond the end.
  sum[0] = 5;
  unnamed_out[0].capacity = 2;
  EXPECT_EQ(vmaf_dnn_session_run(session, unnamed, 2, unnamed_out, 2), -ENOSPC);
  EXPECT_EQ(unnamed_out[0].written, 3u);
  EXPECT_EQ(unnamed_out[1].written, 3u);
  EXPECT_EQ(sum[0], 5);

  const auto misuse = [&](auto&& change, int expected) {
    VmafDnnInput in[] = {{"a", a, &three, 1}, {"b", b, &three, 1}, {"c", a, &three, 1}};
    VmafDnnOutput out[] = {{"sum", sum, 3, 9}, {"difference", difference, 3, 9}};
    size_t inputs_used = 2, outputs_used = 2;
    change(in, out, inputs_used, outputs_used);
    EXPECT_EQ(vmaf_dnn_session_run(session, in, inputs_used, out, outputs_used), expected);
  };
  const int64_t zero = 0, negative_size = -1, huge[] = {int64_t{1} << 40, int64_t{1} << 40};
  const int64_t two = 2;
  misuse([](auto*, auto*, size_t&, size_t&) {}, 0);
  misuse([](auto*, auto*, size_t& n, size_t&) { n = 1; }, -EINVAL);
  misuse([](auto*, auto*, size_t& n, size_t&) { n = 3; }, -EINVAL);
  misuse([](auto*, auto*, size_t& n, size_t&) { n = 0; }, -EINVAL);
  misuse([](auto*, auto*, size_t&, size_t& n) { n = 1; }, -EINVAL);
  misuse([](auto*, auto*, size_t&, size_t& n) { n = 0; }, -EINVAL);
  misuse([](auto* in, auto*, size_t&, size_t&) { in[0].name = "z"; }, -EINVAL);
  misuse([](auto* in, auto*, size_t&, size_t&) { in[0].name = "b"; }, -EINVAL);
  misuse([](auto* in, auto*, size_t&, size_t&) { in[0].data = nullptr; }, -EINVAL);
  misuse([](auto* in, auto*, size_t&, size_t&) { in[0].shape = nullptr; }, -EINVAL);
  misuse([](auto* in, auto*, size_t&, size_t&) { in[0].rank = 0; }, -EINVAL);
  misuse([](auto* in, auto*, size_t&, size_t&) { in[0].rank = 1000; }, -EINVAL);
  misuse([&](auto* in, auto*, size_t&, size_t&) { in[0].shape = &zero; }, -EINVAL);
  misuse([&](auto* in, auto*, size_t&, size_t&) { in[0].shape = &negative_size; }, -EINVAL);
  misuse([&](auto* in, auto*, size_t&, size_t&) { in[0].shape = huge, in[0].rank = 2; }, -EINVAL);
  misuse([&](auto* in, auto*, size_t&, size_t&) { in[0].shape = &two; }, -EIO);
  misuse([](auto*, auto* out, size_t&, size_t&) { out[0].name = "z"; }, -EINVAL);
  misuse([](auto*, auto* out, size_t&, size_t&) { out[0].name = "difference"; }, -EINVAL);
  misuse([](auto*, auto* out, size_t&, size_t&) { out[0].data = nullptr; }, -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run(session, nullptr, 2, outputs, 2), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run(session, inputs, 2, nullptr, 2), -EINVAL);
  EXPECT_EQ(vmaf_dnn_session_run(nullptr, inputs, 2, outputs, 2), -EINVAL);
  vmaf_dnn_session_close(session);
}

TEST_F(Networks, RunInSeveralThreadsAndMayBeClosedMeanwhile) {
  VmafDnnSession* const session = open_session(negative({1, 1, -1, -1}));
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        if (t == 3 && i == 50) vmaf_dnn_session_close(session);
        const uint8_t in[4] = {1, 2, 3, static_cast<uint8_t>(t)};
        uint8_t out[4] = {};
        const int status = vmaf_dnn_session_run_luma8(session, in, 2, 2, 2, out, 2);
        if (status != -EINVAL && (status != 0 || out[3] != 255 - t)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

double mean_of(const Frame& frame) {
  double sum = 0;
  const PlaneView& plane = frame.planes[0];
  for (int y = 0; y < plane.height_px; ++y) {
    for (int x = 0; x < plane.width_px; ++x)
      sum += frame.format.sample_bytes() == 1 ? plane.row<uint8_t>(y)[x] : plane.row<uint16_t>(y)[x];
  }
  return sum / (plane.width_px * plane.height_px) / ((1 << frame.format.bit_depth) - 1);
}

TEST_F(Networks, ScoreTheDistortedPicturesOfAContext) {
  const std::string path = write(mean({1, 1, -1, -1}));
  for (const int bit_depth : {8, 10}) {
    const Clip clip = make_clip(40, 30, bit_depth, Chroma::k420, 3);
    VmafContext* const vmaf = open(2);
    ASSERT_EQ(vmaf_use_tiny_model(vmaf, path.c_str(), nullptr), 0);
    EXPECT_EQ(vmaf_use_tiny_model(vmaf, path.c_str(), nullptr), -EBUSY);
    ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0);
    score_clip(vmaf, clip);
    double score = 0;
    for (unsigned i = 0; i < 3; ++i) {
      ASSERT_EQ(vmaf_feature_score_at_index(vmaf, "vmaf_tiny_model", &score, i), 0);
      EXPECT_NEAR(score, mean_of(clip.dis[i]), 1e-5);
    }
    EXPECT_EQ(vmaf_feature_score_pooled(vmaf, "vmaf_tiny_model", VMAF_POOL_METHOD_MEAN, &score, 0, 2), 0);
    EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "psnr_y", &score, 2), 0);
    ASSERT_EQ(vmaf_write_output(vmaf, folder_.file("out.csv").c_str(), VMAF_OUTPUT_FORMAT_CSV), 0);
    EXPECT_NE(Folder::read(folder_.file("out.csv")).find("vmaf_tiny_model"), std::string::npos);
    EXPECT_EQ(vmaf_close(vmaf), 0);
  }
}

TEST_F(Networks, OfAContextHaveTheNameOfTheirDescription) {
  const std::string path = write(mean({1, 1, -1, -1}));
  folder_.write("m.json", R"({"name": "mean_luma", "kind": "nr", "quant_mode": "dynamic"})");
  const Clip clip = small_clip(4);
  VmafContext* vmaf = open(0, /*subsample=*/2);
  std::vector<unsigned> told;
  VmafMetadataConfiguration handler{};
  char name[] = "mean_luma";
  handler.feature_name = name;
  handler.data = &told;
  handler.callback = [](void* data, VmafMetadata* m) {
    static_cast<std::vector<unsigned>*>(data)->push_back(m->picture_index);
  };
  ASSERT_EQ(vmaf_register_metadata_handler(vmaf, handler), 0);
  ASSERT_EQ(vmaf_use_tiny_model(vmaf, path.c_str(), nullptr), 0);
  score_clip(vmaf, clip);
  double score = 0;
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "mean_luma", &score, 2), 0);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "mean_luma", &score, 1), -EINVAL) << "left out";
  EXPECT_EQ(told, (std::vector<unsigned>{0, 2}));
  EXPECT_EQ(vmaf_close(vmaf), 0);

  vmaf = open();
  folder_.write("m.json", "{");
  EXPECT_EQ(vmaf_use_tiny_model(vmaf, path.c_str(), nullptr), -EBADMSG);
  folder_.write("m.json", std::string((1 << 20) + 1, ' '));
  EXPECT_EQ(vmaf_use_tiny_model(vmaf, path.c_str(), nullptr), -EFBIG);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST_F(Networks, OfAContextAreCheckedWhenTheyAreAttachedAndWhenTheyRun) {
  VmafContext* vmaf = open();
  const std::string fixed = write(mean({1, 1, 4, 4}));
  EXPECT_EQ(vmaf_use_tiny_model(nullptr, fixed.c_str(), nullptr), -EINVAL);
  EXPECT_EQ(vmaf_use_tiny_model(vmaf, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(vmaf_use_tiny_model(vmaf, folder_.file("none.onnx").c_str(), nullptr), -ENOENT);
  EXPECT_EQ(vmaf_use_tiny_model(vmaf, write(two_by_two(), "two.onnx").c_str(), nullptr), -ENOTSUP);
  EXPECT_EQ(vmaf_use_tiny_model(vmaf, write(mean({1, 3, -1, -1}), "rgb.onnx").c_str(), nullptr), -ENOTSUP);
  ASSERT_EQ(vmaf_use_tiny_model(vmaf, fixed.c_str(), nullptr), 0) << "a refused one is not in the way";
  const Clip clip = small_clip(1);
  EXPECT_EQ(read(vmaf, clip, 0, 0), -ERANGE);
  EXPECT_EQ(vmaf_close(vmaf), 0);

  vmaf = open();
  ASSERT_EQ(vmaf_use_tiny_model(vmaf, write(negative({1, 1, -1, -1})).c_str(), nullptr), 0);
  EXPECT_EQ(read(vmaf, clip, 0, 0), -ENOTSUP) << "many numbers";
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST_F(Networks, LpipsIsAFeature) {
  const char* const data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set";
  const Clip clip = small_clip(2);
  VmafContext* const vmaf = open(1);
  ASSERT_EQ(
      vmaf_use_feature(vmaf, "lpips",
                       options({{"model_path", (std::string(data) + "/models/onnx/lpips_sq.onnx").c_str()}})),
      0);
  score_clip(vmaf, clip);
  double score = 0;
  ASSERT_EQ(vmaf_feature_score_at_index(vmaf, "lpips", &score, 1), 0);
  EXPECT_GT(score, 0);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

}  // namespace
}  // namespace fovea::compat
