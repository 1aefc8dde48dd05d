// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <stdexcept>

#include "base/sha256.h"
#include "dnn/runtime.h"
#include "dnn/testing.h"
#include "metrics/metric.h"
#include "metrics/onnx/sidecar.h"
#include "metrics/testing.h"

namespace fovea::onnx {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;
using dnn::testing::Folder;
using dnn::testing::ModelBytes;

constexpr Format kFormat{24, 16, 8, Chroma::k420};

#define FOVEA_NEED_RUNTIME() \
  if (const auto found = dnn::runtime(); !found.ok()) GTEST_SKIP() << found.error().message

const char* const kNoReference = R"({
  "schema_version": 1, "layout": "luma", "range": [0, 255], "notes": "mean luma",
  "inputs": [{"name": "x", "picture": "distorted"}],
  "outputs": [{"name": "y", "feature": "mean_luma"}]
})";

ModelBytes mean_of_x(const std::vector<int64_t>& shape, const std::vector<int64_t>& output = {1, 1, 1, 1}) {
  ModelBytes m;
  m.input("x", shape)
      .output("y", output)
      .node("ReduceMean", {"x"}, {"y"}, ModelBytes::integer("keepdims", 1));
  return m;
}

class Onnx : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Metric>> create(const ModelBytes& model, const std::string& sidecar,
                                         const Format& format = kFormat) {
    folder_.write("n.json", sidecar);
    return kMetric.create(format, {{"model_path", folder_.write("n.onnx", model.str())}});
  }
  // The message, without the file's name.
  std::string refusal(const ModelBytes& model, const std::string& sidecar, const Format& format = kFormat) {
    const auto metric = create(model, sidecar, format);
    if (metric.ok()) return "";
    const std::string start = "onnx: " + folder_.file("n.");
    EXPECT_EQ(metric.error().message.rfind(start, 0), 0u) << metric.error().message;
    return metric.error().message.substr(start.size());
  }
  // What the first frame is refused with.
  std::string failure(const ModelBytes& model, const std::string& sidecar) {
    const auto metric = create(model, sidecar);
    if (!metric.ok()) return "at create: " + metric.error().message;
    const Frame frame = make_frame(kFormat, Pattern::kTexture, 1);
    try {
      run_metric(**metric, {frame}, std::vector<Frame>{frame});
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  }
  Folder folder_{"fovea_onnx_test"};
};

double mean_luma(const Frame& frame) {
  double sum = 0;
  for (int y = 0; y < frame.format.height_px; ++y) {
    for (int x = 0; x < frame.format.width_px; ++x) sum += frame.planes[0].row<uint8_t>(y)[x];
  }
  return sum / (frame.format.width_px * frame.format.height_px);
}

TEST_F(Onnx, WithoutReference) {
  FOVEA_NEED_RUNTIME();
  // Sizes open and fixed.
  for (const auto& shape : {std::vector<int64_t>{1, 1, -1, -1}, {-1, 1, 16, 24}, {1, 1, -1, 24}}) {
    const auto metric = create(mean_of_x(shape), kNoReference);
    ASSERT_TRUE(metric.ok()) << metric.error().message;
    const Frame ref = make_frame(kFormat, Pattern::kTexture, 1);
    const std::vector<std::vector<Frame>> clips = {{distort(ref, 2)},
                                                   {make_frame(kFormat, Pattern::kNoise, 3)}};
    const auto scores = run_metric(**metric, {ref}, clips);
    for (int k = 0; k < 2; ++k) EXPECT_NEAR(scores[k].at("mean_luma")[0], mean_luma(clips[k][0]), 1e-3);
  }
}

TEST_F(Onnx, WithReferenceAndSeveralOutputs) {
  FOVEA_NEED_RUNTIME();
  ModelBytes m;
  m.input("b", {1, 1, -1, -1})
      .input("a", {1, 1, -1, -1})
      .output("map", {1, 1, -1, -1})
      .output("one", {1})
      .output("unused", {3});
  m.node("Sub", {"a", "b"}, {"map"});
  m.weight("w", {1}, {42})
      .weight("u", {3}, {1, 2, 3})
      .node("Identity", {"w"}, {"one"})
      .node("Identity", {"u"}, {"unused"});
  const auto metric = create(m, R"({"schema_version": 1, "layout": "luma", "range": [0, 255],
    "inputs": [{"name": "a", "picture": "reference"}, {"name": "b", "picture": "distorted"}],
    "outputs": [{"name": "one", "feature": "answer"}, {"name": "map", "feature": "bias", "reduce": "mean"}]})");
  ASSERT_TRUE(metric.ok()) << metric.error().message;
  const Frame ref = make_frame(kFormat, Pattern::kTexture, 1), dis = make_frame(kFormat, Pattern::kNoise, 2);
  const auto scores = run_metric(**metric, {ref}, std::vector<Frame>{dis});
  EXPECT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores.at("answer")[0], 42);
  EXPECT_NEAR(scores.at("bias")[0], mean_luma(ref) - mean_luma(dis), 1e-3);
}

TEST_F(Onnx, ChecksInputsAndOutputsBeforeItRuns) {
  using S = std::vector<int64_t>;
  const auto starts = [](const std::string& text, const std::string& start) {
    return text.rfind(start, 0) == 0;
  };
  for (const S& shape : {S{1, 3, -1, -1}, S{1, -1, -1, -1}, S{2, 1, -1, -1}, S{1, 1, -1}, S{}}) {
    const std::string said = refusal(mean_of_x(shape), kNoReference);
    EXPECT_TRUE(starts(said, "onnx: its input is 'x' [")) << said;
    EXPECT_NE(said.find("; needed is [1, 1, height, width] float32"), said.npos) << said;
  }
  ModelBytes integers;
  integers.input("x", {1, 1, -1, -1}, 6)
      .output("y", {1})
      .node("Cast", {"x"}, {"y"}, ModelBytes::integer("to", 1));
  EXPECT_TRUE(starts(refusal(integers, kNoReference), "onnx: its input is 'x' [1, 1, ?, ?] int32; needed"));
  EXPECT_TRUE(starts(
      refusal(mean_of_x({1, 1, 224, 224}), kNoReference),
      "onnx: its input is 'x' [1, 1, 224, 224] float32, the pictures are 24x16; bring them to its size"));
  EXPECT_EQ(create(mean_of_x({1, 1, 224, 224}), kNoReference).error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(starts(refusal(mean_of_x({1, 1, -1, -1}, {1, 2}), kNoReference),
                     "onnx: its output is 'y' [1, 2] float32; a feature is one number"));

  ModelBytes two = mean_of_x({1, 1, -1, -1});
  two.input("z", {1});
  EXPECT_EQ(refusal(two, kNoReference),
            "onnx: also has the input 'z' [1] float32, which nothing is known of");
  ModelBytes other;
  other.input("in", {1, 1, -1, -1}).output("y", {1}).node("ReduceMean", {"in"}, {"y"});
  EXPECT_EQ(refusal(other, kNoReference), "onnx: has no input 'x', but 'in' [1, 1, ?, ?] float32");
  ModelBytes nameless;
  nameless.input("x", {1, 1, -1, -1}).output("out", {1}).node("ReduceMean", {"x"}, {"out"});
  EXPECT_EQ(refusal(nameless, kNoReference), "onnx: has no output 'y', but 'out' [1] float32");
}

TEST_F(Onnx, RefusesPicturesThatItCannotTake) {
  const std::string rgb = R"({"schema_version": 1, "layout": "rgb", "range": [0, 1], "min_size": [20, 12],
    "inputs": [{"name": "x", "picture": "distorted"}], "outputs": [{"name": "y", "feature": "f"}]})";
  const auto message = [&](const Format& format) {
    return create(mean_of_x({1, 3, -1, -1}), rgb, format).error().message;
  };
  EXPECT_EQ(message({24, 16, 8, Chroma::k400}), "onnx: needs chroma, the pictures are 4:0:0");
  EXPECT_EQ(message({19, 16, 8, Chroma::k420}), "onnx: 19x16 is smaller than its minimum of 20x12");
  EXPECT_EQ(message({24, 11, 8, Chroma::k420}), "onnx: 24x11 is smaller than its minimum of 20x12");
}

TEST_F(Onnx, OutputsThatAreNoScoreEndTheRun) {
  FOVEA_NEED_RUNTIME();
  const std::string model = folder_.file("n.onnx");
  ModelBytes nan;
  nan.input("x", {1, 1, -1, -1})
      .output("y", {1, 1, -1, -1})
      .node("Sub", {"x", "x"}, {"z"})
      .node("Div", {"z", "z"}, {"y"});
  const std::string mean = R"({"schema_version": 1, "layout": "luma", "range": [0, 1],
    "inputs": [{"name": "x", "picture": "distorted"}], "outputs": [{"name": "y", "feature": "f", "reduce": "mean"}]})";
  EXPECT_EQ(failure(nan, mean), "onnx: " + model + ": its output 'y' is not a number");
  ModelBytes map;
  map.input("x", {1, 1, -1, -1}).output("y", {1, 1, -1, -1}).node("Abs", {"x"}, {"y"});
  EXPECT_EQ(
      failure(map, kNoReference),
      "onnx: " + model + ": its output 'y' has 384 numbers, not one; the sidecar can ask for their mean");
  ModelBytes empty;
  empty.input("x", {1, 1, -1, -1})
      .output("y", {-1})
      .weight("w", {1}, {0})
      .node("Mul", {"x", "w"}, {"z"})
      .node("NonZero", {"z"}, {"n"});
  empty.node("Cast", {"n"}, {"y"}, ModelBytes::integer("to", 1));
  EXPECT_EQ(failure(empty, mean), "onnx: " + model + ": its output 'y' has 0 numbers, not one");
  // Sizes that do not fit show in the runtime.
  ModelBytes odd;
  odd.input("x", {1, 1, -1, -1})
      .output("y", {1, 1, -1, -1})
      .weight("w", {1, 1, 1, 7}, {1, 2, 3, 4, 5, 6, 7})
      .node("Add", {"x", "w"}, {"y"});
  EXPECT_EQ(failure(odd, mean).rfind("onnx: " + model + ": ", 0), 0u);
}

TEST_F(Onnx, RefusesFilesThatAreMissingOrHostile) {
  EXPECT_EQ(kMetric.create(kFormat, {}).error().message,
            "onnx: which network? Give its file as onnx=model_path=FILE.onnx");
  EXPECT_EQ(kMetric.create(kFormat, {}).error().code, ErrorCode::kUsage);
  const auto refused = [&](const std::string& model) {
    const auto metric = kMetric.create(kFormat, {{"model_path", model}});
    EXPECT_FALSE(metric.ok()) << model;
    return metric.ok() ? "" : metric.error().message;
  };
  EXPECT_EQ(refused(folder_.file("none.onnx")),
            "onnx: " + folder_.file("none.onnx") + ": No such file or directory");
  const std::string lonely = folder_.write("lonely.onnx", mean_of_x({1, 1, -1, -1}).str());
  EXPECT_EQ(refused(lonely),
            "onnx: " + folder_.file("lonely.json") +
                " is missing: a network needs a description of its inputs and outputs beside it");
  ASSERT_EQ(mkfifo(folder_.file("lonely.json").c_str(), 0600), 0);
  EXPECT_EQ(refused(lonely), "onnx: " + folder_.file("lonely.json") + " is not a file");

  // Scanned before the runtime sees them.
  const auto hostile = [&](const ModelBytes& model) { return refusal(model, kNoReference); };
  EXPECT_NE(hostile(ModelBytes().input("x", {1, 1, -1, -1}).output("y", {1}).node("Loop", {"x"}, {"y"}))
                .find("Loop"),
            std::string::npos);
  EXPECT_NE(hostile(ModelBytes().input("x", {1, 1, -1, -1}).output("y", {1}).node("EvilOp", {"x"}, {"y"}))
                .find("EvilOp"),
            std::string::npos);
  EXPECT_NE(hostile(ModelBytes(mean_of_x({1, 1, -1, -1})).far_weight("w", {2}, "../../../etc/passwd", 0, 8))
                .find("only a plain file name"),
            std::string::npos);
  const std::string whole = mean_of_x({1, 1, -1, -1}).str();
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto metric =
        kMetric.create(kFormat, {{"model_path", folder_.write("n.onnx", whole.substr(0, size))}});
    EXPECT_FALSE(metric.ok()) << size;
  }
}

TEST_F(Onnx, SidecarsMayStandElsewhereAndNameTheirNetwork) {
  FOVEA_NEED_RUNTIME();
  const ModelBytes model = mean_of_x({1, 1, -1, -1});
  const auto with_hash = [](const std::string& hash) {
    return std::string(kNoReference).insert(1, "\"sha256\": \"" + hash + "\",");
  };
  EXPECT_TRUE(create(model, with_hash(sha256_hex(model.str()))).ok());
  EXPECT_NE(refusal(model, with_hash(sha256_hex("x"))).find("its SHA-256 differs"), std::string::npos);
  const OptionMap options = {{"model_path", folder_.file("n.onnx")},
                             {"sidecar", folder_.write("other", kNoReference)}};
  EXPECT_TRUE(kMetric.create(kFormat, options).ok());
  EXPECT_NE(*kMetric.suffix(options), *kMetric.suffix({{"model_path", folder_.file("n.onnx")}}));
}

// ---- Sidecars
// -------------------------------------------------------------------------------------------------

TEST(Sidecar, StandsBesideItsNetwork) {
  EXPECT_EQ(sidecar_path("a/b.onnx"), "a/b.json");
  EXPECT_EQ(sidecar_path("a.b/c"), "a.b/c.json");
}

TEST(Sidecar, IsRead) {
  const auto sidecar = parse_sidecar(
      R"({"schema_version": 1, "layout": "rgb", "range": [-1, 1.5], "mean": [1, 2, 3], "std": [4, 5, 6],
    "matrix": "bt2020", "signal": "full", "min_size": [7, 8],
    "inputs": [{"name": "r", "picture": "reference"}, {"name": "d", "picture": "distorted"}],
    "outputs": [{"name": "o", "feature": "F.1-x_y", "reduce": "none"}, {"name": "o", "feature": "g", "reduce": "mean"}]})",
      "s");
  ASSERT_TRUE(sidecar.ok()) << sidecar.error().message;
  const FrameNetwork& n = sidecar->network;
  EXPECT_EQ(n.numbers.channels, dnn::Channels::kRgb);
  EXPECT_EQ(n.numbers.matrix, dnn::Matrix::kBt2020);
  EXPECT_TRUE(n.numbers.full_range);
  EXPECT_EQ(n.numbers.low, -1);
  EXPECT_EQ(n.numbers.high, 1.5f);
  EXPECT_EQ(n.numbers.mean[2], 3);
  EXPECT_EQ(n.numbers.std[0], 4);
  EXPECT_EQ(n.min_width_px, 7);
  EXPECT_EQ(n.min_height_px, 8);
  ASSERT_EQ(n.inputs.size(), 2u);
  EXPECT_TRUE(n.inputs[0].is_reference);
  EXPECT_FALSE(n.inputs[1].is_reference);
  ASSERT_EQ(n.outputs.size(), 2u);
  EXPECT_EQ(n.outputs[0].feature, "F.1-x_y");
  EXPECT_FALSE(n.outputs[0].mean);
  EXPECT_TRUE(n.outputs[1].mean);
}

// `from` in the sidecar of the tests above becomes `to`.
TEST(Sidecar, SaysWhatIsWrong) {
  const struct {
    const char *from, *to, *message;
  } cases[] = {
      {"{", "", "s is not JSON, at byte "},
      {"255]", "1e999]", "s is not JSON: a number is out of range"},
      {"\"schema_version\": 1,", "", "s has no 'schema_version'"},
      {": 1,", ": 2,", "s: 'schema_version' must be 1"},
      {"\"range\"", "\"rnage\"", "s: unknown key 'rnage'; did you mean 'range'?"},
      {"\"notes\"", "\"zzzzzzzz\"", "s: unknown key 'zzzzzzzz'; it may have schema_version, "},
      {"\"luma\"", "\"lumma\"", "s: 'layout' is 'lumma'; there are luma, ycbcr, rgb, rgb8"},
      {"\"luma\"", "1", "s: 'layout' must be a text"},
      {"[0, 255]", "[255, 0]", "s: 'range' must be two rising numbers"},
      {"[0, 255]", "[0]", "s: 'range' must be 2 numbers"},
      {"[0, 255]", "[0, 2e6]", "s: 'range' must be 2 numbers of at most 1e6"},
      {"[0, 255]", "[0, \"1\"]", "s: 'range' must be 2 numbers of at most 1e6"},
      {"\"notes\": \"mean luma\"", "\"mean\": [1, 2, 3]", "s: 'mean' must be 1 number"},
      {"\"notes\": \"mean luma\"", "\"std\": [0]", "s: 'std' must be numbers of at least 1e-6"},
      {"\"notes\": \"mean luma\"", "\"matrix\": \"bt709\"", "s: 'matrix' goes with the layout rgb only"},
      {"\"notes\": \"mean luma\"", "\"min_size\": [1, 2.5]",
       "s: 'min_size' must be width and height, 1 to 32768"},
      {"\"notes\": \"mean luma\"", "\"min_size\": [0, 2]",
       "s: 'min_size' must be width and height, 1 to 32768"},
      {"\"notes\": \"mean luma\"", "\"sha256\": \"12\"",
       "s: 'sha256' must be 64 lower-case hexadecimal digits"},
      {"[{\"name\": \"x\", \"picture\": \"distorted\"}]", "[]",
       "s: 'inputs' must be a list of 1 to 64 objects"},
      {"[{\"name\": \"x\", \"picture\": \"distorted\"}]", "[7]", "s, inputs 1 must be an object"},
      {"\"picture\": \"distorted\"", "\"kind\": 1",
       "s, inputs 1: unknown key 'kind'; it may have name, picture"},
      {"\"distorted\"", "\"both\"", "s, inputs 1: 'picture' is 'both'; there are reference, distorted"},
      {"}],", "}, {\"name\": \"x\", \"picture\": \"reference\"}],", "s, inputs 2: a second input 'x'"},
      {"\"name\": \"y\", ", "", "s, outputs 1 has no 'name'"},
      {"\"mean_luma\"", "\"mean,luma\"", "s, outputs 1: 'feature' is 'mean,luma'; up to 100 letters"},
      {"\"mean_luma\"", "\"\"", "s, outputs 1: 'feature' must be a text"},
      {"\"mean_luma\"}", "\"a\"}, {\"name\": \"z\", \"feature\": \"a\"}",
       "s, outputs 2: a second feature 'a'"},
      {"\"mean_luma\"", "\"a\", \"reduce\": \"median\"",
       "s, outputs 1: 'reduce' is 'median'; there are none, mean"},
  };
  ASSERT_TRUE(parse_sidecar(kNoReference, "s").ok());
  for (const auto& c : cases) {
    std::string text = kNoReference;
    const size_t at = text.find(c.from);
    ASSERT_NE(at, text.npos) << c.from;
    text.replace(at, std::string(c.from).size(), c.to);
    const auto sidecar = parse_sidecar(text, "s");
    ASSERT_FALSE(sidecar.ok()) << c.to;
    EXPECT_EQ(sidecar.error().code, ErrorCode::kInput);
    EXPECT_EQ(sidecar.error().message.rfind(c.message, 0), 0u)
        << sidecar.error().message << "\nexpected " << c.message;
  }
  EXPECT_EQ(parse_sidecar("[]", "s").error().message, "s must be an object");
  EXPECT_EQ(parse_sidecar("", "s").error().message.rfind("s is not JSON", 0), 0u);
  EXPECT_FALSE(parse_sidecar(std::string(1 << 20, '['), "s").ok()) << "depth costs no stack";
}

}  // namespace
}  // namespace fovea::onnx
