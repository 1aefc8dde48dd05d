// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "compat/call_sequence.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "compat/call.h"
#include "compat/context.h"
#include "compat/dictionary.h"
#include "compat/handles.h"
#include "dnn/testing.h"
#include "libvmaf/dnn.h"
#include "libvmaf/libvmaf_cuda.h"
#include "libvmaf/metadata.h"

namespace fovea::compat {
namespace {

constexpr const char* kVersions[] = {"vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_b_v0.6.3", "vmaf_v1.0.16_3d0h", "nothing", "", nullptr};
constexpr const char* kExtractors[] = {"psnr", "motion", "vif", "adm", "cambi", "nothing", "", nullptr};
constexpr const char* kFeatures[] = {"psnr_y", "VMAF_integer_feature_vif_scale0_score", "VMAF_integer_feature_motion2_score",
                                     "VMAF_integer_feature_adm2_score", "vmaf", "a_bagging", "", nullptr};
constexpr const char* kKeys[] = {"enable_chroma", "enable_apsnr", "adm_enhn_gain_limit", "motion_force_zero", "nothing", nullptr};
constexpr const char* kValues[] = {"true", "false", "1", "1.5", "nan", "", "-7e99", nullptr};
constexpr const char* kNames[] = {"vmaf", "a", "psnr_y", "", nullptr};
constexpr const char* kPaths[] = {"/dev/null", "/no/such/folder/x", "", nullptr};
constexpr const char* kFormats[] = {"%.6f", "%n", "%s", "%g", nullptr};
constexpr unsigned kPoolPictures = 4;

void on_score(void* data, VmafMetadata* metadata) {
  // Calls into the library must not hang.
  double score = 0;
  (void)vmaf_feature_score_at_index(static_cast<VmafContext*>(data), metadata->feature_name, &score, metadata->picture_index);
}

// A network that gives the mean of a plane.
const char* tiny_model() {
  static const dnn::testing::Folder folder("fovea_call_sequence");
  static const std::string path = [] {
    dnn::testing::ModelBytes m;
    m.input("x", {1, 1, -1, -1}).output("y", {1, 1, 1, 1}).node("ReduceMean", {"x"}, {"y"});
    return folder.write("mean.onnx", m.str());
  }();
  return path.c_str();
}

class Sequence {
 public:
  Sequence(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {}

  SequenceResult run() {
    const size_t before[] = {Handles<VmafContext>::all().size(), Handles<VmafModel>::all().size(),
                             Handles<VmafModelCollection>::all().size(), Handles<VmafFeatureDictionary>::all().size(),
                             live_pictures()};
    while (at_ < size_ && result_.fault.empty()) step();
    clean_up();
    const size_t after[] = {Handles<VmafContext>::all().size(), Handles<VmafModel>::all().size(),
                            Handles<VmafModelCollection>::all().size(), Handles<VmafFeatureDictionary>::all().size(),
                            live_pictures()};
    if (result_.fault.empty() && std::memcmp(before, after, sizeof before) != 0) result_.fault = "something was left behind";
    return result_;
  }

 private:
  unsigned next() { return at_ < size_ ? bytes_[at_++] : 0; }
  template <class T, size_t n>
  T& pick(T (&of)[n]) {
    return of[next() % n];
  }
  template <class T, size_t n>
  T& pick(std::array<T, n>& of) {
    return of[next() % n];
  }
  unsigned index() {
    const unsigned i = next();
    return i < 240 ? i % 8 : UINT32_MAX - (i - 240);
  }
  void check(int status) {
    ++result_.calls;
    if (status == 0) ++result_.succeeded;
    for (const int known : {0, -EINVAL, -ENOMEM, -EAGAIN, -ENOSYS, -EIO, -ENOENT, -EBUSY}) {
      if (status == known) return;
    }
    result_.fault = "status " + std::to_string(status);
  }

  // A picture with something in it.
  int alloc(VmafPicture& pic, unsigned shape) {
    static constexpr unsigned kSizes[][2] = {{64, 64}, {33, 47}, {16, 16}, {1, 1}, {0, 8}};
    const auto& size = kSizes[shape % 5];
    const unsigned bpc = shape / 5 % 4 == 0 ? 10 : shape / 5 % 4 == 1 ? 9 : 8;
    const auto format = static_cast<VmafPixelFormat>(shape / 20 % 6);
    const int status = vmaf_picture_alloc(&pic, format, bpc, size[0], size[1]);
    if (status == 0) {
      for (unsigned y = 0; y < pic.h[0]; ++y) {
        std::memset(static_cast<uint8_t*>(pic.data[0]) + y * pic.stride[0], static_cast<int>(y * shape), pic.w[0]);
      }
    }
    return status;
  }

  void damage(VmafPicture& pic) {
    const unsigned how = next() % 9;
    const int by = static_cast<int>(next()) - 128;
    switch (how) {
      case 0: pic.data[0] = reinterpret_cast<void*>(reinterpret_cast<intptr_t>(pic.data[0]) + by * 64); break;
      case 1: pic.data[1] = nullptr; break;
      case 2: pic.stride[by & 1] *= by; break;
      case 3: pic.w[0] += static_cast<unsigned>(by); break;
      case 4: pic.h[0] += static_cast<unsigned>(by); break;
      case 5: pic.bpc += static_cast<unsigned>(by); break;
      case 6: std::memcpy(&pic.pix_fmt, &by, sizeof by); break;
      case 7: pic.ref = reinterpret_cast<VmafRef*>(this); break;
      default: pic.h[1] += static_cast<unsigned>(by);
    }
  }

  // Keeps count of the pictures from pools, so as not to wait for one that nobody would give back.
  void read(VmafContext* vmaf, VmafPicture* ref, VmafPicture* dis, unsigned frame) {
    VmafRef* const had_ref = ref != nullptr ? ref->ref : nullptr;
    VmafRef* const had_dis = dis != nullptr ? dis->ref : nullptr;
    check(vmaf_read_pictures(vmaf, ref, dis, frame));
    if (had_ref != nullptr && ref->ref == nullptr) forget(ref);
    if (had_dis != nullptr && dis != ref && dis->ref == nullptr) forget(dis);
  }
  void forget(VmafPicture* pic) {
    const auto i = static_cast<size_t>(pic - pictures_.data());
    if (i < pictures_.size() && from_pool_[i] != nullptr) --*std::exchange(from_pool_[i], nullptr);
  }

  void step() {
    const unsigned slot = next();
    const size_t c = slot % contexts_.size();
    VmafContext*& vmaf = contexts_[c];
    double score = 0;
    VmafModelCollectionScore spread;
    VmafModelConfig model_config{nullptr, 0};
    switch (next() % 34) {
      case 0: {
        if (Handles<VmafContext>::all().find(vmaf) != nullptr && next() % 4 != 0) break;
        check(vmaf_close(vmaf));
        VmafConfiguration config{};
        config.n_threads = next() % 3;
        config.n_subsample = next() % 3;
        check(vmaf_init(&vmaf, config));
        held_[c] = 0;
        frames_[c] = 0;
        break;
      }
      case 1: check(vmaf_close(vmaf)); break;
      case 2: {
        VmafModel*& model = pick(models_);
        vmaf_model_destroy(model);
        model_config.name = pick(kNames);
        model_config.flags = next();
        check(vmaf_model_load(&model, next() % 16 != 0 ? &model_config : nullptr, pick(kVersions)));
        break;
      }
      case 3: vmaf_model_destroy(pick(models_)); break;
      case 4: {
        VmafModel*& model = pick(models_);
        VmafModelCollection*& collection = pick(collections_);
        vmaf_model_destroy(model);
        vmaf_model_collection_destroy(collection);
        model_config.name = pick(kNames);
        check(vmaf_model_collection_load(&model, &collection, &model_config, pick(kVersions)));
        break;
      }
      case 5: vmaf_model_collection_destroy(pick(collections_)); break;
      case 6: check(vmaf_use_features_from_model(vmaf, pick(models_))); break;
      case 7: check(vmaf_use_features_from_model_collection(vmaf, pick(collections_))); break;
      case 8: {
        VmafFeatureDictionary*& dict = pick(dictionaries_);
        const char* const key = pick(kKeys);
        check(vmaf_feature_dictionary_set(&dict, key, pick(kValues)));
        break;
      }
      case 9: check(vmaf_feature_dictionary_free(&pick(dictionaries_))); break;
      case 10: {
        const char* const name = pick(kExtractors);
        check(vmaf_use_feature(vmaf, name, next() % 2 != 0 ? pick(dictionaries_) : nullptr));
        break;
      }
      case 11: {
        VmafModel* const model = pick(models_);
        const char* const name = pick(kExtractors);
        check(vmaf_model_feature_overload(model, name, pick(dictionaries_)));
        break;
      }
      case 12: {
        VmafModel* const model = pick(models_);
        VmafModelCollection*& collection = pick(collections_);
        const char* const name = pick(kExtractors);
        check(vmaf_model_collection_feature_overload(model, &collection, name, pick(dictionaries_)));
        break;
      }
      case 13: {
        VmafPicture& pic = pick(pictures_);
        if (vmaf_picture_unref(&pic) == 0) forget(&pic);
        check(alloc(pic, next()));
        break;
      }
      case 14: {
        VmafPicture& pic = pick(pictures_);
        const int status = vmaf_picture_unref(&pic);
        if (status == 0) forget(&pic);
        check(status);
        break;
      }
      case 15: {  // the caller loses the picture that stood there, unless it is given back first
        VmafPicture& from = pick(pictures_);
        VmafPicture& to = pick(pictures_);
        if (&from == &to) break;
        if (vmaf_picture_unref(&to) == 0) forget(&to);
        to = from;
        break;
      }
      case 16: {
        VmafPicture& pic = pick(pictures_);
        originals_[originals_count_++ % originals_.size()] = pic;
        damage(pic);
        break;
      }
      case 17: {
        VmafPicture& ref = pick(pictures_);
        VmafPicture& dis = pick(pictures_);
        read(vmaf, next() % 16 != 0 ? &ref : nullptr, &dis, index());
        break;
      }
      case 18:
      case 19:
      case 20:
      case 21: {  // a good pair
        VmafPicture pair[2] = {};
        const unsigned shape = 40 + c * 5 % 15;
        check(alloc(pair[0], shape));
        check(alloc(pair[1], shape));
        read(vmaf, &pair[0], &pair[1], frames_[c]++);
        (void)vmaf_picture_unref(&pair[0]);
        (void)vmaf_picture_unref(&pair[1]);
        break;
      }
      case 22: check(vmaf_read_pictures(vmaf, nullptr, nullptr, 0)); break;
      case 23: check(vmaf_score_at_index(vmaf, pick(models_), &score, index())); break;
      case 24: check(vmaf_score_at_index_model_collection(vmaf, pick(collections_), &spread, index())); break;
      case 25: check(vmaf_feature_score_at_index(vmaf, pick(kFeatures), &score, index())); break;
      case 26: {
        VmafModel* const model = pick(models_);
        const unsigned low = index(), high = index();
        check(vmaf_score_pooled(vmaf, model, method(), &score, low, high));
        break;
      }
      case 27: {
        VmafModelCollection* const collection = pick(collections_);
        const unsigned low = index(), high = index();
        check(vmaf_score_pooled_model_collection(vmaf, collection, method(), &spread, low, high));
        break;
      }
      case 28: {
        const char* const name = pick(kFeatures);
        const unsigned low = index(), high = index();
        check(vmaf_feature_score_pooled(vmaf, name, method(), &score, low, high));
        break;
      }
      case 29: {
        const char* const name = pick(kFeatures);
        check(vmaf_import_feature_score(vmaf, name, static_cast<double>(next()) / 7, index()));
        break;
      }
      case 30: {
        VmafMetadataConfiguration config{};
        char name[64];
        if (const char* const picked = pick(kFeatures)) config.feature_name = std::strcpy(name, picked);
        config.callback = next() % 16 != 0 ? on_score : nullptr;
        config.data = vmaf;
        check(vmaf_register_metadata_handler(vmaf, config));
        break;
      }
      case 31: {
        VmafPicture& pic = pick(pictures_);
        if (next() % 2 != 0) {
          VmafPictureConfiguration config{};
          config.pic_params = {64, 64, next() % 8 != 0 ? 8u : 3u, VMAF_PIX_FMT_YUV420P};
          config.pic_cnt = kPoolPictures;
          check(vmaf_preallocate_pictures(vmaf, config));
        } else if (held_[c] < kPoolPictures) {
          if (vmaf_picture_unref(&pic) == 0) forget(&pic);
          const int status = vmaf_fetch_preallocated_picture(vmaf, &pic);
          if (status == 0) {
            ++held_[c];
            from_pool_[static_cast<size_t>(&pic - pictures_.data())] = &held_[c];
          }
          check(status);
        }
        break;
      }
      case 32: {
        const char* const path = pick(kPaths);
        int format = static_cast<int>(next() % 7);
        VmafOutputFormat as_enum;
        std::memcpy(&as_enum, &format, sizeof format);
        if (next() % 2 != 0) {
          check(vmaf_write_output(vmaf, path, as_enum));
        } else {
          check(vmaf_write_output_with_format(vmaf, path, as_enum, pick(kFormats)));
        }
        break;
      }
      default: {
        VmafCudaState* state = nullptr;
        check(vmaf_cuda_state_init(&state, {}));
        check(vmaf_cuda_import_state(vmaf, state));
        check(vmaf_use_tiny_model(vmaf, next() % 2 != 0 ? tiny_model() : "x", nullptr));
        const char* version = nullptr;
        const void* at = vmaf_model_version_next(nullptr, &version);
        (void)vmaf_model_version_next(next() % 2 != 0 ? at : this, &version);
      }
    }
  }

  VmafPoolingMethod method() {
    const int value = static_cast<int>(next() % 8);
    VmafPoolingMethod method;
    std::memcpy(&method, &value, sizeof value);
    return method;
  }

  void clean_up() {
    for (VmafContext* vmaf : contexts_) (void)vmaf_close(vmaf);
    for (VmafModel* model : models_) vmaf_model_destroy(model);
    for (VmafModelCollection* collection : collections_) vmaf_model_collection_destroy(collection);
    for (VmafFeatureDictionary*& dict : dictionaries_) (void)vmaf_feature_dictionary_free(&dict);
    for (VmafPicture& pic : pictures_) (void)vmaf_picture_unref(&pic);
    for (VmafPicture& pic : originals_) (void)vmaf_picture_unref(&pic);
  }

  const uint8_t* bytes_;
  size_t size_;
  size_t at_ = 0;
  SequenceResult result_;
  std::array<VmafContext*, 3> contexts_{};
  std::array<unsigned, 3> held_{};  // pictures of each context's pool
  std::array<unsigned, 3> frames_{};
  std::array<VmafModel*, 3> models_{};
  std::array<VmafModelCollection*, 2> collections_{};
  std::array<VmafFeatureDictionary*, 3> dictionaries_{};
  std::array<VmafPicture, 6> pictures_{};
  std::array<unsigned*, 6> from_pool_{};
  std::array<VmafPicture, 4096> originals_{};  // as they were before damage, to give them back
  size_t originals_count_ = 0;
};

}  // namespace

SequenceResult run_call_sequence(const uint8_t* bytes, size_t size) {
  set_log_level(VMAF_LOG_LEVEL_NONE);
  return std::make_unique<Sequence>(bytes, size)->run();
}

}  // namespace fovea::compat
