// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "dnn/graph.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <random>

#include "dnn/testing.h"

namespace fovea::dnn {
namespace {

using namespace fovea::dnn::testing;

// score = mean |a - b|
ModelBytes difference() {
  ModelBytes m;
  m.input("a", {1, 3, -1, -1}).input("b", {1, 3, -1, -1}).output("score", {1});
  m.node("Sub", {"a", "b"}, {"d"})
      .node("Abs", {"d"}, {"e"})
      .node("ReduceMean", {"e"}, {"m"}, ModelBytes::integer("keepdims", 0));
  m.weight("one", {1}).node("Reshape", {"m", "one"}, {"score"});
  return m;
}

std::string refusal(const std::string& model) {
  const auto graph = scan_graph(model, "m");
  return graph.ok() ? "accepted" : graph.error().message;
}

TEST(Graph, NamesAndShapesAreFound) {
  const auto graph = scan_graph(difference().str(), "m");
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  ASSERT_EQ(graph->inputs.size(), 2u);
  EXPECT_EQ(graph->inputs[1].name, "b");
  EXPECT_EQ(graph->inputs[1].shape, (std::vector<int64_t>{1, 3, -1, -1}));
  EXPECT_TRUE(graph->inputs[1].is_float());
  ASSERT_EQ(graph->outputs.size(), 1u);
  EXPECT_EQ(describe(graph->inputs[0]), "'a' [1, 3, ?, ?] float32");
  EXPECT_EQ(describe(graph->outputs[0]), "'score' [1] float32");
  EXPECT_EQ(graph->opset, 17);
  EXPECT_EQ(graph->ir_version, 8);
  EXPECT_TRUE(graph->weight_files.empty());
}

TEST(Graph, WeightsAmongTheInputsAreNoInputs) {
  ModelBytes m = difference();
  m.input("w", {1}).weight("w", {1}, {2.0f});
  const auto graph = scan_graph(m.str(), "m");
  ASSERT_TRUE(graph.ok());
  EXPECT_EQ(graph->inputs.size(), 2u);
}

TEST(Graph, OnlyListedOperatorsOfTheStandardDomain) {
  EXPECT_EQ(refusal(difference().node("Loop", {}, {"x"}).str()), "m: operator 'Loop' is not allowed");
  EXPECT_EQ(refusal(difference().node("RandomNormal", {}, {"x"}).str()),
            "m: operator 'RandomNormal' is not allowed");
  EXPECT_EQ(refusal(difference().node("", {}, {"x"}).str()), "m: operator '' is not allowed");
  EXPECT_EQ(refusal(difference().node("Add\n", {}, {"x"}).str()), "m: operator 'Add?' is not allowed");
  EXPECT_EQ(refusal(difference().node("Add", {"a", "b"}, {"x"}, bytes(7, "com.evil")).str()),
            "m: operator 'Add' is of the domain 'com.evil'; only standard ones are allowed");
  EXPECT_EQ(refusal(difference().node("Add", {"a", "b"}, {"x"}, bytes(7, "ai.onnx")).str()), "accepted");
  // Two types: which one would the runtime take?
  EXPECT_EQ(refusal(difference().node("Loop", {}, {"x"}, bytes(4, "Add")).str()),
            "m: this is no ONNX model (an operator is damaged)");
}

TEST(Graph, ControlFlowFunctionsAndSparseWeightsAreRefused) {
  const std::string graph_attribute = bytes(5, bytes(1, "body") + bytes(6, ""));
  EXPECT_EQ(refusal(difference().node("Identity", {"a"}, {"x"}, graph_attribute).str()),
            "m: a node contains a graph; control flow is not allowed");
  EXPECT_EQ(refusal(difference().node("Identity", {"a"}, {"x"}, bytes(5, bytes(11, ""))).str()),
            "m: a node contains a graph; control flow is not allowed");
  EXPECT_EQ(refusal(difference().node("Constant", {}, {"x"}, bytes(5, bytes(22, ""))).str()),
            "m: it has sparse weights");
  EXPECT_EQ(refusal(difference().node("Abs", {"a"}, {"x"}, bytes(5, bytes(21, "other"))).str()),
            "m: an attribute refers to another");
  EXPECT_EQ(refusal(difference().raw(15, "").str()), "m: it has sparse weights");
  EXPECT_EQ(refusal(difference().str() + bytes(25, "")), "m: it defines functions");
  EXPECT_EQ(refusal(difference().str() + bytes(20, "")), "m: it has training information");
  EXPECT_EQ(refusal(difference().str() + bytes(7, "")), "m: this is no ONNX model (graph is damaged)");
  EXPECT_EQ(refusal(number(1, 8)), "m: it has no graph");
  EXPECT_EQ(refusal(ModelBytes().str()), "m: it has no outputs");
  EXPECT_EQ(refusal(""), "m is empty");
  EXPECT_EQ(refusal("{\"json\": 1}"), "m: this is no ONNX model (the model is damaged)");
}

TEST(Graph, TypesThatAreNoTensors) {
  EXPECT_EQ(refusal(difference().raw(11, bytes(1, "s") + bytes(2, bytes(4, ""))).str()),
            "m: 's' is not a tensor");
  EXPECT_EQ(refusal(difference().raw(11, bytes(1, "s")).str()), "m: 's' has no type");
  EXPECT_EQ(refusal(difference().raw(11, bytes(2, "")).str()), "m: an input has no usable name");
  EXPECT_EQ(refusal(difference().input("x", std::vector<int64_t>(9, 1)).str()),
            "m: 'x' has more than 8 dimensions");
  EXPECT_EQ(refusal(difference().input("x", {int64_t{1} << 40}).str()), "m: 'x' has a size that cannot be");
}

TEST(Graph, WeightsLieInPlainFilesBesideTheModel) {
  const auto with = [](const std::string& file, int64_t offset = 0, int64_t length = 16) {
    return difference().far_weight("w", {4}, file, offset, length).str();
  };
  const auto graph = scan_graph(with("m.onnx.data", 100), "m");
  ASSERT_TRUE(graph.ok()) << graph.error().message;
  EXPECT_EQ(graph->weight_files, (std::map<std::string, uint64_t>{{"m.onnx.data", 116}}));
  for (const char* file :
       {"../w", "/etc/passwd", "a/b", "", ".", "..", ".w", "*/_ORT_MEM_ADDR_/*", "C:\\w", "w\n"}) {
    EXPECT_NE(refusal(with(file)).find("only a plain file name beside the model is allowed"),
              std::string::npos)
        << file;
  }
  EXPECT_NE(refusal(with(std::string("w\0x", 3))).find("plain file name"), std::string::npos);
  EXPECT_EQ(refusal(with("w", 0, 12)), "m: weight 'w' has 16 bytes, but 12 in its file");
  EXPECT_EQ(refusal(with("w", -1)), "m: this is no ONNX model (a tensor's place is damaged)");
  EXPECT_EQ(refusal(with("w", int64_t{1} << 60)), "m: weight 'w' lies beyond the first 50 MiB of its file");
  EXPECT_EQ(refusal(difference().far_weight("w", {int64_t{1} << 62, 16}, "w", 0, 0).str()),
            "m: weight 'w' cannot be kept in another file");
  const std::string tensor = number(14, 1) + number(2, 1);
  EXPECT_EQ(refusal(difference().node("Constant", {}, {"x"}, bytes(5, bytes(5, tensor))).str()),
            "m: a constant is kept in another file");
  // A place without a word that it counts.
  EXPECT_NE(
      refusal(difference()
                  .raw(5, bytes(8, "w") + number(2, 1) + bytes(13, bytes(1, "location") + bytes(2, "/w")))
                  .str())
          .find("'/w'"),
      std::string::npos);
}

// Whatever is cut off or changed: an answer, and only memory of the text is read (sanitizers see to it).
TEST(Graph, DamagedFilesAreAnswered) {
  const std::string model = difference()
                                .far_weight("w", {4}, "w", 0, 16)
                                .node("Constant", {}, {"c"}, ModelBytes::ints("value_ints", {1, 2}))
                                .str();
  for (size_t size = 0; size < model.size(); ++size) {
    const std::string part = model.substr(0, size);
    (void)scan_graph(std::string_view(part), "m");
  }
  std::mt19937 random(7);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string changed = model;
    for (int k = 0; k < 1 + i % 3; ++k) changed[random() % changed.size()] = static_cast<char>(random());
    accepted += scan_graph(changed, "m").ok() ? 1 : 0;
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 19000);
}

TEST(GraphFile, ReadsModelAndWeights) {
  const Folder folder("fovea_graph_test");
  const std::string path = folder.write("m.onnx", difference().far_weight("w", {4}, "w.data", 4, 16).str());
  EXPECT_EQ(read_graph_file(path).error().message, folder.file("w.data") + ": No such file or directory");
  folder.write("w.data", std::string(19, 'x'));
  EXPECT_EQ(read_graph_file(path).error().message,
            folder.file("w.data") + " has 19 bytes, but the model " + path + " uses 20");
  folder.write("w.data", std::string(20, 'x'));
  const auto file = read_graph_file(path);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->weights.at("w.data"), std::string(20, 'x'));
  std::filesystem::rename(folder.file("w.data"), folder.file("elsewhere"));
  std::filesystem::create_symlink(folder.file("elsewhere"), folder.file("w.data"));
  EXPECT_EQ(read_graph_file(path).error().message,
            folder.file("w.data") + " is a link; a file beside the model is needed");
}

TEST(GraphFile, RefusesWhatIsNoFileOrTooLarge) {
  const Folder folder("fovea_graph_file_test");
  EXPECT_EQ(read_graph_file(folder.file("no")).error().message,
            folder.file("no") + ": No such file or directory");
  EXPECT_EQ(read_graph_file(folder.file("")).error().message, folder.file("") + " is not a file");
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_graph_file(folder.file("pipe")).error().message, folder.file("pipe") + " is not a file");
  const std::string large = folder.write("large.onnx", "");
  std::filesystem::resize_file(large, kMaxModelBytes + 1);
  EXPECT_EQ(read_graph_file(large).error().message,
            large + ": a model and its weights may have 50 MiB, this is more");
  const std::string path = folder.write("m.onnx", difference().far_weight("w", {4}, "w.data", 0, 16).str());
  std::filesystem::resize_file(folder.write("w.data", ""), kMaxModelBytes);
  EXPECT_EQ(read_graph_file(path).error().message,
            folder.file("w.data") + ": a model and its weights may have 50 MiB, this is more");
}

// Models that others made.
TEST(GraphFile, AcceptsForeignModels) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set";
  const std::filesystem::path folder = std::filesystem::path(data) / "models" / "onnx";
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    const auto file = read_graph_file(entry.path().string());
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_FALSE(file->graph.inputs.empty()) << entry.path();
    ++models;
  }
  EXPECT_GT(models, 0);
}

}  // namespace
}  // namespace fovea::dnn
