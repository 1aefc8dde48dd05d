// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the C API promises when it is used as it should be, and what it says when it is not.
#include <cerrno>
#include <clocale>
#include <cmath>
#include <map>
#include <mutex>
#include <thread>

#include "api_testing.h"
#include "libvmaf/libvmaf_cuda.h"
#include "libvmaf/metadata.h"
#include "models/store.h"
#include "score/session.h"

namespace fovea::compat {
namespace {

// ---- Scores ---------------------------------------------------------------------------------------------

TEST(Scores, AreThoseOfTheEngine) {
  for (const unsigned threads : {0u, 1u, 3u}) {
    const Clip clip = make_clip(131, 99, threads == 1 ? 10 : 8, Chroma::k420, 5);
    SessionConfig config;
    config.format = clip.format;
    config.models.push_back({*load_builtin("vmaf_v0.6.1"), "vmaf", {}});
    config.features.push_back({"psnr", {}});
    auto session = Session::create(std::move(config));
    ASSERT_TRUE(session.ok());
    for (size_t i = 0; i < clip.ref.size(); ++i) {
      ASSERT_TRUE((*session)->push(static_cast<int64_t>(i), clip.ref[i], {clip.dis[i]}).ok());
    }
    ASSERT_TRUE((*session)->finish().ok());
    const ScoreTable& table = (*session)->table(0);

    VmafContext* vmaf = open(threads);
    VmafModel* model = load();
    ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
    ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0);
    score_clip(vmaf, clip);
    int compared = 0;
    for (const Series* series : table.columns()) {
      for (unsigned i = 0; i < clip.ref.size(); ++i) {
        double score = -1;
        const int status = series->rank() == Series::Rank::kModel
                               ? vmaf_score_at_index(vmaf, model, &score, i)
                               : vmaf_feature_score_at_index(vmaf, series->key().c_str(), &score, i);
        ASSERT_EQ(status, series->has(i) ? 0 : -EINVAL) << series->key() << " " << i;
        if (series->has(i)) {
          EXPECT_EQ(score, *series->at(i)) << series->key() << " " << i;
        }
        ++compared;
      }
    }
    EXPECT_EQ(compared, 18 * 5);
    vmaf_model_destroy(model);
    EXPECT_EQ(vmaf_close(vmaf), 0);
  }
}

TEST(Scores, ChromaOfOddPicturesIsRoundedDown) {
  const Clip clip = make_clip(67, 45, 8, Chroma::k420, 1);
  VmafPicture pic = picture_of(clip.ref[0]);
  EXPECT_EQ(pic.w[1], 33u);
  EXPECT_EQ(pic.h[2], 22u);
  EXPECT_EQ(vmaf_picture_unref(&pic), 0);

  VmafContext* vmaf = open();
  ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", options({{"enable_mse", "true"}})), 0);
  score_clip(vmaf, clip);
  double squares = 0;
  for (int y = 0; y < 22; ++y) {
    for (int x = 0; x < 33; ++x) {
      const double d = clip.ref[0].planes[1].row_bytes(y)[x] - clip.dis[0].planes[1].row_bytes(y)[x];
      squares += d * d;
    }
  }
  double mse = 0;
  ASSERT_EQ(vmaf_feature_score_at_index(vmaf, "mse_cb", &mse, 0), 0);
  EXPECT_EQ(mse, squares / (33 * 22));
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Scores, PooledByEveryMethod) {
  const Clip clip = small_clip();
  VmafContext* vmaf = open();
  VmafModel* model = load();
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
  score_clip(vmaf, clip);
  double sum = 0, inverse = 0, low = 1e9, high = -1e9;
  for (unsigned i = 1; i <= 3; ++i) {
    double s = 0;
    ASSERT_EQ(vmaf_score_at_index(vmaf, model, &s, i), 0);
    sum += s, inverse += 1 / (s + 1), low = std::min(low, s), high = std::max(high, s);
  }
  const auto pooled = [&](VmafPoolingMethod method) {
    double s = -1, t = -2;
    EXPECT_EQ(vmaf_score_pooled(vmaf, model, method, &s, 1, 3), 0);
    EXPECT_EQ(vmaf_feature_score_pooled(vmaf, "vmaf", method, &t, 1, 3), 0);
    EXPECT_EQ(s, t);
    return s;
  };
  EXPECT_EQ(pooled(VMAF_POOL_METHOD_MEAN), sum / 3);
  EXPECT_EQ(pooled(VMAF_POOL_METHOD_HARMONIC_MEAN), 3 / inverse - 1);
  EXPECT_EQ(pooled(VMAF_POOL_METHOD_MIN), low);
  EXPECT_EQ(pooled(VMAF_POOL_METHOD_MAX), high);

  double s = 7;
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_UNKNOWN, &s, 0, 3), -EINVAL);
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_NB, &s, 0, 3), -EINVAL);
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, static_cast<VmafPoolingMethod>(1000), &s, 0, 3), -EINVAL);
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &s, 3, 2), -EINVAL);
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &s, 0, 4), -EINVAL) << "there are four pictures";
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &s, 0, UINT32_MAX), -EINVAL);
  EXPECT_EQ(vmaf_feature_score_pooled(vmaf, "no_such", VMAF_POOL_METHOD_MEAN, &s, 0, 3), -EINVAL);
  EXPECT_EQ(s, 7) << "untouched by failures";
  vmaf_model_destroy(model);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Scores, ComeBySubsampleAndIndex) {
  const Clip clip = small_clip(6);
  VmafContext* vmaf = open(0, 3);
  VmafModel* model = load();
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
  const unsigned indices[] = {0, 1, 3, 6, 7, 9};
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(read(vmaf, clip, i, indices[i]), 0);
  }
  ASSERT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
  double a = 0, b = 0, c = 0;
  EXPECT_EQ(vmaf_score_at_index(vmaf, model, &a, 3), 0);
  EXPECT_EQ(vmaf_score_at_index(vmaf, model, &b, 6), 0);
  EXPECT_EQ(vmaf_score_at_index(vmaf, model, &c, 1), -EINVAL);
  EXPECT_EQ(vmaf_score_at_index(vmaf, model, &c, 4), -EINVAL);
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &c, 1, 8), 0);
  EXPECT_EQ(c, (a + b) / 2);
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &c, 4, 5), -EINVAL) << "no index to pool";
  vmaf_model_destroy(model);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Scores, AModelThatWasNotUsedIsPredictedFromWhatIsThere) {
  VmafContext* vmaf = open();
  VmafModel* model = load("vmaf_v0.6.1", "mine");
  const char* names[] = {"VMAF_integer_feature_adm2_score", kMotion2, kVif0, "VMAF_integer_feature_vif_scale1_score",
                         "VMAF_integer_feature_vif_scale2_score", "VMAF_integer_feature_vif_scale3_score"};
  double score = 0;
  const unsigned far = UINT32_MAX;
  for (const char* name : names) {
    EXPECT_EQ(vmaf_score_at_index(vmaf, model, &score, far), -EINVAL);
    EXPECT_EQ(vmaf_import_feature_score(vmaf, name, 0.9, far), 0);
    EXPECT_EQ(vmaf_import_feature_score(vmaf, name, 0.8, far), -EINVAL) << "it has one";
  }
  EXPECT_EQ(vmaf_score_at_index(vmaf, model, &score, far), 0);
  EXPECT_GT(score, 0);
  double stored = 0;
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "mine", &stored, far), 0);
  EXPECT_EQ(stored, score);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "integer_adm2", &stored, far), -EINVAL) << "aliases are no names";

  // And with pictures afterwards: what was imported stays.
  const Clip clip = small_clip(1);
  ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0);
  score_clip(vmaf, clip);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "mine", &stored, far), 0);
  EXPECT_EQ(stored, score);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "psnr_y", &stored, 0), 0);
  Folder folder;
  ASSERT_EQ(vmaf_write_output(vmaf, folder.file("a.csv").c_str(), VMAF_OUTPUT_FORMAT_CSV), 0);
  EXPECT_EQ(Folder::read(folder.file("a.csv")).substr(0, 20), "Frame,integer_adm2,i");
  vmaf_model_destroy(model);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Scores, PooledBeforeTheEndMayStillCome) {
  const Clip clip = small_clip();
  VmafContext* vmaf = open();
  VmafModel* model = load();
  VmafModel* other = load("vmaf_v0.6.1neg", "neg");
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
  ASSERT_EQ(read(vmaf, clip, 0, 0), 0);
  double score = 0;
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, 1), -EAGAIN);
  EXPECT_EQ(vmaf_score_pooled(vmaf, other, VMAF_POOL_METHOD_MEAN, &score, 0, 1), -EINVAL) << "nobody computes its features";
  ASSERT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, 1), -EINVAL);
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, 0), 0);
  vmaf_model_destroy(other);
  vmaf_model_destroy(model);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

// ---- Collections ----------------------------------------------------------------------------------------

TEST(Collections, GiveTheMembersAndTheirStatistics) {
  const Clip clip = small_clip(3);
  VmafContext* vmaf = open();
  VmafModelConfig config{"boot", 0};
  VmafModel* model = nullptr;
  VmafModelCollection* collection = nullptr;
  ASSERT_EQ(vmaf_model_collection_load(&model, &collection, &config, "vmaf_b_v0.6.3"), 0);
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
  ASSERT_EQ(vmaf_use_features_from_model_collection(vmaf, collection), 0);
  score_clip(vmaf, clip);

  VmafModelCollectionScore first{}, again{}, pooled{};
  ASSERT_EQ(vmaf_score_at_index_model_collection(vmaf, collection, &first, 0), 0);
  EXPECT_EQ(first.type, VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP);
  EXPECT_LE(first.bootstrap.ci.p95.lo, first.bootstrap.bagging_score);
  EXPECT_LE(first.bootstrap.bagging_score, first.bootstrap.ci.p95.hi);
  EXPECT_EQ(vmaf_score_at_index_model_collection(vmaf, collection, &again, 0), -EINVAL) << "stored values stay";
  EXPECT_EQ(vmaf_score_at_index_model_collection(vmaf, collection, &again, 3), -EINVAL) << "no such picture";

  const std::map<std::string, double> expected = {{"boot_bagging", first.bootstrap.bagging_score},
                                                  {"boot_stddev", first.bootstrap.stddev},
                                                  {"boot_ci_p95_lo", first.bootstrap.ci.p95.lo},
                                                  {"boot_ci_p95_hi", first.bootstrap.ci.p95.hi}};
  for (const auto& [name, value] : expected) {
    double stored = 0;
    ASSERT_EQ(vmaf_feature_score_at_index(vmaf, name.c_str(), &stored, 0), 0) << name;
    EXPECT_EQ(stored, value) << name;
  }
  double member = 0;
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "boot_0001", &member, 0), 0);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "boot_0020", &member, 0), 0);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "boot_0021", &member, 0), -EINVAL);

  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_EQ(vmaf_score_pooled_model_collection(vmaf, collection, VMAF_POOL_METHOD_MEAN, &pooled, 0, 2), 0);
    double mean = 0;
    ASSERT_EQ(vmaf_feature_score_pooled(vmaf, "boot_stddev", VMAF_POOL_METHOD_MEAN, &mean, 0, 2), 0);
    EXPECT_EQ(pooled.bootstrap.stddev, mean);
  }
  vmaf_model_destroy(model);
  vmaf_model_collection_destroy(collection);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Collections, AndSingleModelsAreNotMixedUp) {
  VmafModelConfig config{nullptr, 0};
  VmafModel* model = reinterpret_cast<VmafModel*>(8);
  VmafModelCollection* collection = reinterpret_cast<VmafModelCollection*>(8);
  quiet();
  EXPECT_EQ(vmaf_model_load(&model, &config, "vmaf_b_v0.6.3"), -EINVAL);
  EXPECT_EQ(model, nullptr);
  EXPECT_EQ(vmaf_model_collection_load(&model, &collection, &config, "vmaf_v0.6.1"), -EINVAL);
  EXPECT_EQ(collection, nullptr);
  ASSERT_EQ(vmaf_model_collection_load(&model, &collection, &config, "vmaf_b_v0.6.3"), 0);
  VmafContext* vmaf = open();
  EXPECT_EQ(vmaf_use_features_from_model(vmaf, reinterpret_cast<VmafModel*>(collection)), -EINVAL);
  EXPECT_EQ(vmaf_close(vmaf), 0);
  vmaf_model_destroy(model);
  vmaf_model_collection_destroy(collection);
}

// ---- Models and options ---------------------------------------------------------------------------------

TEST(Models, SayWhatTheyCannotLoad) {
  quiet();
  VmafModelConfig config{nullptr, 0};
  VmafModel* model = reinterpret_cast<VmafModel*>(8);
  EXPECT_EQ(vmaf_model_load(&model, &config, "vmaf_v9"), -EINVAL);
  EXPECT_EQ(model, nullptr);
  EXPECT_EQ(vmaf_model_load_from_path(&model, &config, "/no/such/file.json"), -EINVAL);
  EXPECT_EQ(vmaf_model_load_from_path(&model, &config, "tiny.onnx"), -ENOSYS);
  EXPECT_EQ(vmaf_model_load(&model, nullptr, "vmaf_v0.6.1"), -EINVAL);
  EXPECT_EQ(vmaf_model_load(&model, &config, nullptr), -EINVAL);
  EXPECT_EQ(vmaf_model_load(nullptr, &config, "vmaf_v0.6.1"), -EINVAL);
  Folder folder;
  std::ofstream(folder.file("bad.json")) << "{\"model_dict\": 3}";
  EXPECT_EQ(vmaf_model_load_from_path(&model, &config, folder.file("bad.json").c_str()), -EINVAL);
  vmaf_model_destroy(nullptr);
  vmaf_model_collection_destroy(nullptr);
}

TEST(Models, AreListed) {
  std::vector<std::string> names;
  const char* name = nullptr;
  for (const void* at = vmaf_model_version_next(nullptr, &name); at != nullptr; at = vmaf_model_version_next(at, &name)) {
    names.emplace_back(name);
  }
  ASSERT_EQ(names.size(), builtin_models().size());
  EXPECT_EQ(names[0], "vmaf_v0.6.1");
  EXPECT_NE(vmaf_model_version_next(nullptr, nullptr), nullptr);
  int elsewhere = 0;
  EXPECT_EQ(vmaf_model_version_next(&elsewhere, &name), nullptr);
}

TEST(Models, FlagsAndNamesAreKept) {
  const Clip clip = small_clip(1);
  VmafContext* vmaf = open();
  VmafModel* plain = load();
  VmafModel* phone = load("vmaf_v0.6.1", "phone", VMAF_MODEL_FLAG_ENABLE_TRANSFORM);
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, plain), 0);
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, phone), 0);
  score_clip(vmaf, clip);
  double a = 0, b = 0;
  ASSERT_EQ(vmaf_score_at_index(vmaf, plain, &a, 0), 0);
  ASSERT_EQ(vmaf_score_at_index(vmaf, phone, &b, 0), 0);
  EXPECT_GT(b, a);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "phone", &a, 0), 0);
  EXPECT_EQ(a, b);
  vmaf_model_destroy(plain);
  vmaf_model_destroy(phone);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Models, OverloadsMakeOtherFeatures) {
  const Clip clip = small_clip(2);
  VmafContext* vmaf = open();
  VmafModel* overloaded = load("vmaf_v0.6.1", "over");
  VmafModel* neg = load("vmaf_v0.6.1neg", "neg");
  ASSERT_EQ(vmaf_model_feature_overload(overloaded, "adm", options({{"adm_enhn_gain_limit", "1.0"}})), 0);
  ASSERT_EQ(vmaf_model_feature_overload(overloaded, "vif", options({{"vif_enhn_gain_limit", "1"}})), 0);
  ASSERT_EQ(vmaf_model_feature_overload(overloaded, "no_such_extractor", options({{"a", "1"}})), 0) << "no match is no error";
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, overloaded), 0);
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, neg), 0);
  score_clip(vmaf, clip);
  double a = 0, b = 0, c = 0;
  ASSERT_EQ(vmaf_score_at_index(vmaf, overloaded, &a, 0), 0);
  ASSERT_EQ(vmaf_score_at_index(vmaf, neg, &b, 0), 0);
  EXPECT_EQ(a, b);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "integer_adm2_egl_1", &c, 0), 0);

  // What a context was given is not changed by what happens to the model later.
  EXPECT_EQ(vmaf_model_feature_overload(neg, "adm", options({{"adm_noise_weight", "0.1"}})), 0);
  EXPECT_EQ(vmaf_score_at_index(vmaf, neg, &c, 1), -EINVAL) << "nobody computes these features";
  vmaf_model_destroy(overloaded);
  vmaf_model_destroy(neg);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Models, OverloadsOfCollectionsReachBothParts) {
  VmafContext* vmaf = open();
  VmafModelConfig config{nullptr, 0};
  VmafModel* model = nullptr;
  VmafModelCollection* collection = nullptr;
  ASSERT_EQ(vmaf_model_collection_load(&model, &collection, &config, "vmaf_b_v0.6.3"), 0);
  ASSERT_EQ(vmaf_model_collection_feature_overload(model, &collection, "adm", options({{"adm_enhn_gain_limit", "1"}})), 0);
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
  ASSERT_EQ(vmaf_use_features_from_model_collection(vmaf, collection), 0);
  score_clip(vmaf, small_clip(1));
  double score = 0;
  VmafModelCollectionScore spread;
  EXPECT_EQ(vmaf_score_at_index(vmaf, model, &score, 0), 0);
  EXPECT_EQ(vmaf_score_at_index_model_collection(vmaf, collection, &spread, 0), 0);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "integer_adm2_egl_1", &score, 0), 0);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "VMAF_integer_feature_adm2_score", &score, 0), -EINVAL);
  vmaf_model_destroy(model);
  vmaf_model_collection_destroy(collection);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Options, AreOwnedByWhoeverTookThem) {
  VmafContext* vmaf = open();
  VmafFeatureDictionary* taken = options({{"enable_chroma", "false"}});
  EXPECT_EQ(vmaf_use_feature(vmaf, "psnr", taken), 0);
  EXPECT_EQ(vmaf_feature_dictionary_free(&taken), -EINVAL) << "the context has it";
  EXPECT_EQ(taken, nullptr);

  VmafFeatureDictionary* kept = options({{"a", "1"}});
  EXPECT_EQ(vmaf_use_feature(vmaf, "no_such", kept), -EINVAL);
  EXPECT_EQ(vmaf_use_feature(vmaf, nullptr, kept), -EINVAL);
  EXPECT_EQ(vmaf_feature_dictionary_free(&kept), 0) << "the caller has it";
  EXPECT_EQ(vmaf_feature_dictionary_free(&kept), 0) << "NULL is fine";

  VmafFeatureDictionary* refused = options({{"enable_croma", "false"}});
  EXPECT_EQ(vmaf_use_feature(vmaf, "psnr", refused), -EINVAL) << "a misspelt option";
  EXPECT_EQ(vmaf_feature_dictionary_free(&refused), -EINVAL);
  EXPECT_EQ(vmaf_use_feature(vmaf, "vif", options({{"vif_enhn_gain_limit", "1000"}})), -EINVAL) << "out of range";
  EXPECT_EQ(vmaf_use_feature(vmaf, "psnr", options({{"min_sse", "many"}})), -EINVAL);
  EXPECT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0) << "the same instance";

  VmafFeatureDictionary* wild = reinterpret_cast<VmafFeatureDictionary*>(0x1234);
  EXPECT_EQ(vmaf_feature_dictionary_set(&wild, "a", "b"), -EINVAL);
  EXPECT_EQ(vmaf_use_feature(vmaf, "psnr", wild), -EINVAL);
  EXPECT_EQ(vmaf_feature_dictionary_free(&wild), -EINVAL);
  EXPECT_EQ(vmaf_feature_dictionary_free(nullptr), -EINVAL);
  VmafFeatureDictionary* none = nullptr;
  EXPECT_EQ(vmaf_feature_dictionary_set(&none, nullptr, "b"), -EINVAL);
  EXPECT_EQ(vmaf_feature_dictionary_set(&none, "a", nullptr), -EINVAL);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Options, LaterValuesWinAndNumbersAreNormalised) {
  VmafContext* vmaf = open();
  VmafFeatureDictionary* dict = options({{"adm_enhn_gain_limit", "7"}, {"adm_enhn_gain_limit", "1.2000"}});
  ASSERT_EQ(vmaf_use_feature(vmaf, "adm", dict), 0);
  score_clip(vmaf, small_clip(1));
  double score = 0;
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "integer_adm2_egl_1.2", &score, 0), 0);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

// ---- Pictures -------------------------------------------------------------------------------------------

TEST(Pictures, HaveTheLayoutOfLibvmaf) {
  VmafPicture pic;
  ASSERT_EQ(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV422P, 10, 101, 7), 0);
  EXPECT_EQ(pic.pix_fmt, VMAF_PIX_FMT_YUV422P);
  EXPECT_EQ(pic.bpc, 10u);
  EXPECT_EQ(pic.w[0], 101u);
  EXPECT_EQ(pic.w[1], 50u);
  EXPECT_EQ(pic.w[2], 50u);
  EXPECT_EQ(pic.h[1], 7u);
  EXPECT_EQ(pic.stride[0], 256);
  EXPECT_EQ(pic.stride[1], 128);
  for (int p = 0; p < 3; ++p) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pic.data[p]) % 32, 0u);
    for (unsigned y = 0; y < pic.h[p]; ++y) {
      for (unsigned x = 0; x < pic.w[p]; ++x) {
        ASSERT_EQ(reinterpret_cast<uint16_t*>(static_cast<uint8_t*>(pic.data[p]) + y * pic.stride[p])[x], 0);
      }
    }
  }
  EXPECT_EQ(static_cast<uint8_t*>(pic.data[1]), static_cast<uint8_t*>(pic.data[0]) + 7 * 256) << "one block";
  EXPECT_EQ(vmaf_picture_unref(&pic), 0);
  EXPECT_EQ(pic.data[0], nullptr);
  EXPECT_EQ(pic.w[0], 0u);
  EXPECT_EQ(vmaf_picture_unref(&pic), -EINVAL);

  ASSERT_EQ(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV400P, 8, 33, 33), 0);
  EXPECT_EQ(pic.data[1], nullptr);
  EXPECT_EQ(pic.w[1], 0u);
  EXPECT_EQ(vmaf_picture_unref(&pic), 0);
}

TEST(Pictures, ThatCannotBeAreRefused) {
  quiet();
  VmafPicture pic;
  EXPECT_EQ(vmaf_picture_alloc(nullptr, VMAF_PIX_FMT_YUV420P, 8, 16, 16), -EINVAL);
  EXPECT_EQ(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_UNKNOWN, 8, 16, 16), -EINVAL);
  EXPECT_EQ(vmaf_picture_alloc(&pic, static_cast<VmafPixelFormat>(77), 8, 16, 16), -EINVAL);
  EXPECT_EQ(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV420P, 7, 16, 16), -EINVAL);
  EXPECT_EQ(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV420P, 17, 16, 16), -EINVAL);
  EXPECT_EQ(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV420P, 8, 0, 16), -EINVAL);
  EXPECT_EQ(vmaf_picture_alloc(&pic, VMAF_PIX_FMT_YUV420P, 8, 16, UINT32_MAX), -EINVAL);
  EXPECT_EQ(vmaf_picture_unref(nullptr), -EINVAL);
}

TEST(Pictures, AreTheLibrarysOnceHandedOver) {
  const Clip clip = small_clip(2);
  VmafContext* vmaf = open(2);
  ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0);
  VmafPicture ref = picture_of(clip.ref[0]), dis = picture_of(clip.dis[0]);
  VmafPicture ref_copy = ref, dis_copy = dis;
  ASSERT_EQ(vmaf_read_pictures(vmaf, &ref, &dis, 0), 0);
  EXPECT_EQ(ref.ref, nullptr);
  EXPECT_EQ(dis.data[0], nullptr);
  EXPECT_EQ(vmaf_picture_unref(&ref_copy), -EINVAL) << "a copy of the struct is no picture of its own";
  EXPECT_EQ(vmaf_read_pictures(vmaf, &ref_copy, &dis_copy, 1), -EINVAL);

  // One picture for both sides, and one that is refused: both are gone all the same.
  VmafPicture one = picture_of(clip.ref[1]);
  EXPECT_EQ(vmaf_read_pictures(vmaf, &one, &one, 1), -EINVAL);
  EXPECT_EQ(vmaf_picture_unref(&one), -EINVAL);
  VmafPicture good = picture_of(clip.ref[1]), bad{};
  EXPECT_EQ(vmaf_read_pictures(vmaf, &good, &bad, 1), -EINVAL);
  EXPECT_EQ(vmaf_picture_unref(&good), -EINVAL);

  // Half a pair is nothing handed over.
  VmafPicture alone = picture_of(clip.ref[1]);
  EXPECT_EQ(vmaf_read_pictures(vmaf, &alone, nullptr, 1), -EINVAL);
  EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, &alone, 1), -EINVAL);
  EXPECT_EQ(vmaf_picture_unref(&alone), 0);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Pictures, MustLieInTheirOwnMemory) {
  const Clip clip = small_clip(1);
  VmafContext* vmaf = open();
  ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0);
  const auto refused = [&](const std::function<void(VmafPicture&)>& damage) {
    VmafPicture ref = picture_of(clip.ref[0]), dis = picture_of(clip.dis[0]);
    damage(dis);
    return vmaf_read_pictures(vmaf, &ref, &dis, 0) == -EINVAL;
  };
  EXPECT_TRUE(refused([](VmafPicture& p) { p.data[0] = nullptr; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.data[1] = static_cast<uint8_t*>(p.data[1]) + (1 << 20); }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.data[2] = &p; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.stride[0] = 100000; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.stride[0] = PTRDIFF_MAX; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.stride[0] = -p.stride[0]; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.bpc = 16; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.w[0] = 1000; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.w[1] = 1; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.pix_fmt = VMAF_PIX_FMT_YUV444P; }));
  EXPECT_TRUE(refused([](VmafPicture& p) { p.pix_fmt = static_cast<VmafPixelFormat>(99); }));
  EXPECT_FALSE(refused([](VmafPicture& p) { std::swap(p.data[1], p.data[2]); })) << "Cb and Cr may change places";
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Pictures, MustFitTheClip) {
  const Clip clip = small_clip(3);
  VmafContext* vmaf = open();
  ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0);
  const Clip other = make_clip(98, 80, 8, Chroma::k420, 1), deep = make_clip(96, 80, 10, Chroma::k420, 1),
             full = make_clip(96, 80, 8, Chroma::k444, 1);
  VmafPicture ref = picture_of(clip.ref[0]), dis = picture_of(other.dis[0]);
  EXPECT_EQ(vmaf_read_pictures(vmaf, &ref, &dis, 0), -EINVAL) << "a pair that does not match does not fix the format";
  ASSERT_EQ(read(vmaf, clip, 0, 10), 0);
  EXPECT_EQ(read(vmaf, other, 0, 11), -EINVAL);
  EXPECT_EQ(read(vmaf, deep, 0, 11), -EINVAL);
  EXPECT_EQ(read(vmaf, full, 0, 11), -EINVAL);
  EXPECT_EQ(read(vmaf, clip, 1, 10), -EINVAL) << "indices go up";
  EXPECT_EQ(read(vmaf, clip, 1, 9), -EINVAL);
  EXPECT_EQ(read(vmaf, clip, 2, UINT32_MAX), 0);
  EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
  double score = 0;
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "psnr_y", &score, UINT32_MAX), 0);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Pictures, AFormatThatAFeatureIsNotDefinedForIsAnErrorAtOnce) {
  const Clip odd_depth = make_clip(96, 80, 11, Chroma::k420, 1), fine = small_clip(1);
  VmafContext* vmaf = open();
  ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0);
  EXPECT_EQ(read(vmaf, odd_depth, 0, 0), -EINVAL);
  EXPECT_EQ(read(vmaf, fine, 0, 0), 0) << "the format was not fixed by what failed";
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

// ---- The pool -------------------------------------------------------------------------------------------

VmafPictureConfiguration pool_of(const Clip& clip, unsigned count) {
  VmafPictureConfiguration config{};
  config.pic_params.w = static_cast<unsigned>(clip.format.width_px);
  config.pic_params.h = static_cast<unsigned>(clip.format.height_px);
  config.pic_params.bpc = static_cast<unsigned>(clip.format.bit_depth);
  config.pic_params.pix_fmt = pix_fmt_of(clip.format.chroma);
  config.pic_cnt = count;
  return config;
}

TEST(Pool, ServesAWholeClipWithTwoPictures) {
  const Clip clip = small_clip(8);
  for (const unsigned threads : {0u, 2u}) {
    VmafContext* vmaf = open(threads);
    VmafModel* model = load();
    ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
    ASSERT_EQ(vmaf_preallocate_pictures(vmaf, pool_of(clip, 2)), 0);
    EXPECT_EQ(vmaf_preallocate_pictures(vmaf, pool_of(clip, 2)), -EINVAL) << "once";
    for (unsigned i = 0; i < 8; ++i) {
      VmafPicture ref{}, dis{};
      ASSERT_EQ(vmaf_fetch_preallocated_picture(vmaf, &ref), 0);
      ASSERT_EQ(vmaf_fetch_preallocated_picture(vmaf, &dis), 0);
      fill(ref, clip.ref[i]);
      fill(dis, clip.dis[i]);
      ASSERT_EQ(vmaf_read_pictures(vmaf, &ref, &dis, i), 0);
    }
    ASSERT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
    double pooled = 0, plain = 0;
    ASSERT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &pooled, 0, 7), 0);
    EXPECT_EQ(vmaf_close(vmaf), 0);
    vmaf = open();
    ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
    score_clip(vmaf, clip);
    ASSERT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &plain, 0, 7), 0);
    EXPECT_EQ(pooled, plain);
    EXPECT_EQ(vmaf_close(vmaf), 0);
    vmaf_model_destroy(model);
  }
}

TEST(Pool, WaitsUntilAPictureComesBack) {
  const Clip clip = small_clip(1);
  VmafContext* vmaf = open();
  VmafPicture pic{}, second{};
  EXPECT_EQ(vmaf_fetch_preallocated_picture(vmaf, &pic), -EINVAL) << "no pool";
  ASSERT_EQ(vmaf_preallocate_pictures(vmaf, pool_of(clip, 1)), 0);
  ASSERT_EQ(vmaf_fetch_preallocated_picture(vmaf, &pic), 0);
  static_cast<uint8_t*>(pic.data[0])[0] = 200;
  std::thread giver([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(vmaf_picture_unref(&pic), 0);
  });
  EXPECT_EQ(vmaf_fetch_preallocated_picture(vmaf, &second), 0);
  giver.join();
  EXPECT_EQ(static_cast<uint8_t*>(second.data[0])[0], 200) << "the same memory";

  // Closing ends the wait; the picture in the caller's hands stays good.
  std::thread waiter([&] {
    VmafPicture none{};
    EXPECT_EQ(vmaf_fetch_preallocated_picture(vmaf, &none), -EINVAL);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(vmaf_close(vmaf), 0);
  waiter.join();
  EXPECT_EQ(static_cast<uint8_t*>(second.data[0])[0], 200);
  EXPECT_EQ(vmaf_picture_unref(&second), 0);
}

TEST(Pool, RefusesWhatCannotBe) {
  const Clip clip = small_clip(1);
  VmafContext* vmaf = open();
  EXPECT_EQ(vmaf_preallocate_pictures(vmaf, pool_of(clip, 0)), -EINVAL);
  VmafPictureConfiguration config = pool_of(clip, 4);
  config.pic_params.bpc = 5;
  EXPECT_EQ(vmaf_preallocate_pictures(vmaf, config), -EINVAL);
  EXPECT_EQ(vmaf_preallocate_pictures(vmaf, pool_of(clip, UINT32_MAX)), 0) << "made as they are needed";
  EXPECT_EQ(vmaf_fetch_preallocated_picture(vmaf, nullptr), -EINVAL);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

// ---- States ---------------------------------------------------------------------------------------------

TEST(States, NothingAfterTheFlush) {
  const Clip clip = small_clip(2);
  VmafContext* vmaf = open();
  ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0);
  EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), -EINVAL) << "no picture yet";
  EXPECT_EQ(read(vmaf, clip, 0, 0), 0) << "a flush that failed ends nothing";
  EXPECT_EQ(vmaf_use_feature(vmaf, "motion", nullptr), -EINVAL) << "too late";
  EXPECT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), 0) << "it is there";
  EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
  EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), -EINVAL);
  EXPECT_EQ(read(vmaf, clip, 1, 1), -EINVAL);
  EXPECT_EQ(vmaf_close(vmaf), 0);
  EXPECT_EQ(vmaf_close(vmaf), -EINVAL);
  EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), -EINVAL);
}

TEST(States, AContextWithoutFeatures) {
  const Clip clip = small_clip(1);
  VmafContext* vmaf = open();
  EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0) << "nothing was asked for, and it is done";
  EXPECT_EQ(vmaf_close(vmaf), 0);
  vmaf = open();
  score_clip(vmaf, clip);
  Folder folder;
  EXPECT_EQ(vmaf_write_output(vmaf, folder.file("a.xml").c_str(), VMAF_OUTPUT_FORMAT_XML), 0);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(States, CanBeClosedInEach) {
  const Clip clip = small_clip(3);
  for (int state = 0; state < 5; ++state) {
    for (const unsigned threads : {0u, 2u}) {
      VmafContext* vmaf = open(threads);
      VmafModel* model = load();
      if (state > 0) {
        EXPECT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
      }
      for (int i = 0; i < 3 && state > 1; ++i) {
        EXPECT_EQ(read(vmaf, clip, i, static_cast<unsigned>(i)), 0);
      }
      if (state > 2) {
        EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
      }
      if (state == 3) vmaf_model_destroy(model);
      EXPECT_EQ(vmaf_close(vmaf), 0);
      if (state != 3) vmaf_model_destroy(model);
    }
  }
}

TEST(States, HandlesThatAreNoneAreErrors) {
  VmafModel* model = load();
  VmafModelCollectionScore spread;
  VmafPicture pic{};
  double score = 0;
  int on_stack = 0;
  VmafContext* const closed = open();
  ASSERT_EQ(vmaf_close(closed), 0);
  for (VmafContext* vmaf : {static_cast<VmafContext*>(nullptr), closed, reinterpret_cast<VmafContext*>(&on_stack),
                            reinterpret_cast<VmafContext*>(model)}) {
    EXPECT_EQ(vmaf_use_features_from_model(vmaf, model), -EINVAL);
    EXPECT_EQ(vmaf_use_features_from_model_collection(vmaf, nullptr), -EINVAL);
    EXPECT_EQ(vmaf_use_feature(vmaf, "psnr", nullptr), -EINVAL);
    EXPECT_EQ(vmaf_import_feature_score(vmaf, "a", 0, 0), -EINVAL);
    EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), -EINVAL);
    EXPECT_EQ(vmaf_read_pictures(vmaf, &pic, &pic, 0), -EINVAL);
    EXPECT_EQ(vmaf_score_at_index(vmaf, model, &score, 0), -EINVAL);
    EXPECT_EQ(vmaf_score_at_index_model_collection(vmaf, nullptr, &spread, 0), -EINVAL);
    EXPECT_EQ(vmaf_feature_score_at_index(vmaf, "a", &score, 0), -EINVAL);
    EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, 0), -EINVAL);
    EXPECT_EQ(vmaf_score_pooled_model_collection(vmaf, nullptr, VMAF_POOL_METHOD_MEAN, &spread, 0, 0), -EINVAL);
    EXPECT_EQ(vmaf_feature_score_pooled(vmaf, "a", VMAF_POOL_METHOD_MEAN, &score, 0, 0), -EINVAL);
    EXPECT_EQ(vmaf_preallocate_pictures(vmaf, {}), -EINVAL);
    EXPECT_EQ(vmaf_fetch_preallocated_picture(vmaf, &pic), -EINVAL);
    EXPECT_EQ(vmaf_write_output(vmaf, "/dev/null", VMAF_OUTPUT_FORMAT_XML), -EINVAL);
    EXPECT_EQ(vmaf_register_metadata_handler(vmaf, {}), -EINVAL);
    EXPECT_EQ(vmaf_close(vmaf), -EINVAL);
  }
  EXPECT_EQ(vmaf_init(nullptr, {}), -EINVAL);
  VmafContext* vmaf = open();
  EXPECT_EQ(vmaf_score_at_index(vmaf, model, nullptr, 0), -EINVAL);
  EXPECT_EQ(vmaf_feature_score_at_index(vmaf, nullptr, &score, 0), -EINVAL);
  EXPECT_EQ(vmaf_import_feature_score(vmaf, nullptr, 0, 0), -EINVAL);
  vmaf_model_destroy(model);
  vmaf_model_destroy(model);
  EXPECT_EQ(vmaf_use_features_from_model(vmaf, model), -EINVAL) << "a destroyed model";
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(States, TheCpuMaskBelongsToTheLatestContext) {
  const Clip clip = small_clip(1);
  std::vector<double> scores;
  for (const uint64_t mask : {UINT64_MAX, uint64_t{0}, uint64_t{16}, uint64_t{0}}) {
    VmafConfiguration config{};
    config.cpumask = mask;
    VmafContext* vmaf = nullptr;
    ASSERT_EQ(vmaf_init(&vmaf, config), 0);
    ASSERT_EQ(vmaf_use_feature(vmaf, "vif", nullptr), 0);
    score_clip(vmaf, clip);
    scores.emplace_back();
    ASSERT_EQ(vmaf_feature_score_at_index(vmaf, kVif0, &scores.back(), 0), 0);
    EXPECT_EQ(scores.back(), scores[0]);
    EXPECT_EQ(vmaf_close(vmaf), 0);
  }
}

// ---- Metadata -------------------------------------------------------------------------------------------

struct Heard {
  VmafContext* vmaf = nullptr;
  std::mutex mutex;
  std::map<unsigned, double> scores;
  std::string name;
  int refused = 0;
};

void hear(void* data, VmafMetadata* metadata) {
  Heard& heard = *static_cast<Heard*>(data);
  std::lock_guard lock(heard.mutex);
  heard.name = metadata->feature_name;
  EXPECT_TRUE(heard.scores.emplace(metadata->picture_index, metadata->score).second) << "each once";
  double score = 0;
  heard.refused += vmaf_feature_score_at_index(heard.vmaf, metadata->feature_name, &score, 0) == -EINVAL;
  heard.refused += vmaf_close(heard.vmaf) == -EINVAL;
}

TEST(Metadata, HandlersHearFeaturesAndModels) {
  const Clip clip = small_clip(5);
  for (const unsigned threads : {0u, 2u}) {
    VmafContext* vmaf = open(threads);
    VmafModel* model = load();
    Heard feature, late, scores;
    feature.vmaf = late.vmaf = scores.vmaf = vmaf;
    std::string name = kVif0;
    ASSERT_EQ(vmaf_register_metadata_handler(vmaf, {name.data(), hear, &feature}), 0);
    name = "gone, and that does not matter";
    std::string motion = kMotion2, vmaf_name = "vmaf";
    ASSERT_EQ(vmaf_register_metadata_handler(vmaf, {motion.data(), hear, &late}), 0);
    ASSERT_EQ(vmaf_register_metadata_handler(vmaf, {vmaf_name.data(), hear, &scores}), 0);
    ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
    for (int i = 0; i < 5; ++i) {
      ASSERT_EQ(read(vmaf, clip, i, static_cast<unsigned>(i)), 0);
    }
    if (threads == 0) {
      EXPECT_EQ(scores.scores.size(), 4u) << "the last frame waits for its motion";
    }
    ASSERT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
    EXPECT_EQ(feature.name, kVif0);
    for (const Heard* heard : {&feature, &late, &scores}) {
      EXPECT_EQ(heard->scores.size(), 5u);
      EXPECT_EQ(heard->refused, 10);
    }
    for (const auto& [index, score] : scores.scores) {
      double expected = 0;
      ASSERT_EQ(vmaf_score_at_index(vmaf, model, &expected, index), 0);
      EXPECT_EQ(score, expected);
    }
    vmaf_model_destroy(model);
    EXPECT_EQ(vmaf_close(vmaf), 0);
  }
}

TEST(Metadata, BadHandlersAreRefused) {
  VmafContext* vmaf = open();
  char name[] = "vmaf";
  EXPECT_EQ(vmaf_register_metadata_handler(vmaf, {nullptr, hear, nullptr}), -EINVAL);
  EXPECT_EQ(vmaf_register_metadata_handler(vmaf, {name, nullptr, nullptr}), -EINVAL);
  Heard imported;
  imported.vmaf = vmaf;
  char psnr[] = "psnr_y";
  EXPECT_EQ(vmaf_register_metadata_handler(vmaf, {psnr, hear, &imported}), 0);
  EXPECT_EQ(vmaf_import_feature_score(vmaf, "psnr_y", 40.5, 3), 0);
  EXPECT_EQ(imported.scores, (std::map<unsigned, double>{{3, 40.5}}));
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

// ---- Reports --------------------------------------------------------------------------------------------

TEST(Reports, HaveWhatWasAskedForInLibvmafsOrder) {
  const Clip clip = small_clip(2);
  VmafContext* vmaf = open();
  VmafModel* model = load();
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
  ASSERT_EQ(vmaf_use_feature(vmaf, "psnr", options({{"enable_apsnr", "true"}})), 0);
  score_clip(vmaf, clip);
  Folder folder;
  const auto report = [&](VmafOutputFormat format) {
    EXPECT_EQ(vmaf_write_output(vmaf, folder.file("r").c_str(), format), 0);
    return Folder::read(folder.file("r"));
  };
  const std::string features =
      "Frame,integer_adm2,integer_aim,integer_adm3,integer_adm_scale0,integer_adm_scale1,integer_adm_scale2,"
      "integer_adm_scale3,VMAF_integer_feature_motion_sad_score,integer_vif_scale0,integer_vif_scale1,"
      "integer_vif_scale2,integer_vif_scale3,psnr_y,psnr_cb,psnr_cr,integer_motion2,integer_motion3,";
  std::string csv = report(VMAF_OUTPUT_FORMAT_CSV);
  EXPECT_EQ(csv.substr(0, csv.find('\n')), features) << "nobody asked for the model's score";
  double score = 0;
  ASSERT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, 1), 0);
  csv = report(VMAF_OUTPUT_FORMAT_CSV);
  EXPECT_EQ(csv.substr(0, csv.find('\n')), features + "vmaf,");

  const std::string xml = report(VMAF_OUTPUT_FORMAT_XML);
  EXPECT_EQ(xml.find("<VMAF version=\"" + std::string(vmaf_version()) + "\">"), 0u);
  EXPECT_NE(xml.find("qualityWidth=\"96\" qualityHeight=\"80\""), std::string::npos);
  EXPECT_NE(xml.find("<aggregate_metrics apsnr_y="), std::string::npos);
  char mean[100];
  std::snprintf(mean, sizeof mean, "mean=\"%.6f\"", score);
  EXPECT_NE(xml.find(mean), std::string::npos);
  EXPECT_EQ(report(VMAF_OUTPUT_FORMAT_JSON).find("{\n  \"version\": "), 0u);
  EXPECT_EQ(report(VMAF_OUTPUT_FORMAT_SUB).find("{0}{1}frame: 0|integer_adm2: "), 0u);
  vmaf_model_destroy(model);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Reports, PrintScoresAsWanted) {
  VmafContext* vmaf = open();
  ASSERT_EQ(vmaf_import_feature_score(vmaf, "x", 1.0 / 3, 0), 0);
  ASSERT_EQ(vmaf_import_feature_score(vmaf, "y", 1e-7, 0), 0);
  Folder folder;
  const std::string path = folder.file("r");
  const auto row = [&](const char* format) {
    EXPECT_EQ(vmaf_write_output_with_format(vmaf, path.c_str(), VMAF_OUTPUT_FORMAT_CSV, format), 0) << format;
    const std::string text = Folder::read(path);
    return text.substr(text.find('\n') + 1);
  };
  EXPECT_EQ(row(nullptr), "0,0.333333,0.000000,\n");
  EXPECT_EQ(row("%.17g"), "0,0.33333333333333331,9.9999999999999995e-08,\n");
  EXPECT_EQ(row("<%+8.2f %%>"), "0,<   +0.33 %>,<   +0.00 %>,\n");
  ASSERT_EQ(vmaf_write_output(vmaf, path.c_str(), VMAF_OUTPUT_FORMAT_CSV), 0);
  EXPECT_EQ(Folder::read(path), "Frame,x,y,\n0,0.333333,0.0000001000000000,\n");
  for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    EXPECT_EQ(row("%.3f"), "0,0.333,0.000,\n") << locale;
  }
  std::setlocale(LC_ALL, "C");
  for (const char* bad : {"", "6", "%", "%%", "%d", "%s", "%n", "%f%f", "%f %d", "%Lf", "%lf", "%*f", "%.*f", "%1$f", "%1000f",
                          "%.9999f", "%5", "%.", "%hf"}) {
    EXPECT_EQ(vmaf_write_output_with_format(vmaf, path.c_str(), VMAF_OUTPUT_FORMAT_CSV, bad), -EINVAL) << bad;
  }
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Reports, ThatCannotBeWrittenAreErrors) {
  VmafContext* vmaf = open();
  Folder folder;
  const std::string path = folder.file("r");
  std::ofstream(path) << "old";
  EXPECT_EQ(vmaf_write_output(vmaf, nullptr, VMAF_OUTPUT_FORMAT_XML), -EINVAL);
  EXPECT_EQ(vmaf_write_output(vmaf, path.c_str(), VMAF_OUTPUT_FORMAT_NONE), -EINVAL);
  EXPECT_EQ(vmaf_write_output(vmaf, path.c_str(), static_cast<VmafOutputFormat>(55)), -EINVAL);
  EXPECT_EQ(Folder::read(path), "old");
  EXPECT_EQ(vmaf_write_output(vmaf, folder.file("no/such/folder").c_str(), VMAF_OUTPUT_FORMAT_XML), -EINVAL);
  if (std::filesystem::exists("/dev/full")) {
    EXPECT_EQ(vmaf_write_output(vmaf, "/dev/full", VMAF_OUTPUT_FORMAT_XML), -EIO);
  }
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

// ---- The rest -------------------------------------------------------------------------------------------

TEST(Messages, GoToStderrByLevel) {
  VmafConfiguration config{};
  config.log_level = VMAF_LOG_LEVEL_INFO;
  VmafContext* vmaf = nullptr;
  ASSERT_EQ(vmaf_init(&vmaf, config), 0);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(vmaf_use_feature(vmaf, "psnrr", nullptr), -EINVAL);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "libvmaf ERROR unknown metric 'psnrr'; did you mean 'psnr'?\n");
  VmafContext* quiet = open();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(vmaf_use_feature(vmaf, "psnrr", nullptr), -EINVAL);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "the level is the process's";
  EXPECT_EQ(vmaf_close(quiet), 0);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

TEST(Parts, ThatAreNotInThisBuildSaySo) {
  VmafCudaState* state = reinterpret_cast<VmafCudaState*>(8);
  EXPECT_EQ(vmaf_cuda_state_init(&state, {}), -ENOSYS);
  EXPECT_EQ(state, nullptr);
  EXPECT_EQ(vmaf_cuda_state_free(state), -ENOSYS);
  EXPECT_EQ(vmaf_cuda_import_state(nullptr, nullptr), -ENOSYS);
  EXPECT_EQ(vmaf_cuda_preallocate_pictures(nullptr, {}), -ENOSYS);
  VmafPicture pic{};
  EXPECT_EQ(vmaf_cuda_fetch_preallocated_picture(nullptr, &pic), -ENOSYS);
}

TEST(Version, IsLibvmafs) { EXPECT_EQ(std::string(vmaf_version()).find("3.2.0"), 0u); }

}  // namespace
}  // namespace fovea::compat
