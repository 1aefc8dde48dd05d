// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "dnn/network.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "dnn/runtime.h"
#include "dnn/testing.h"

namespace fovea::dnn {
namespace {

using namespace fovea::dnn::testing;

class Networks : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto found = runtime(); !found.ok()) GTEST_SKIP() << found.error().message;
  }
  static Result<Network> open(const std::string& model) {
    auto graph = scan_graph(model, "m.onnx");
    if (!graph.ok()) return std::move(graph).error();
    return Network::open({"m.onnx", model, *std::move(graph), {}});
  }
};

// y = x * w + sum(x)
ModelBytes scale() {
  ModelBytes m;
  m.input("x", {1, -1}).output("y", {1, -1}).output("sum", {1, 1}).weight("w", {1}, {3.0f});
  m.node("Mul", {"x", "w"}, {"p"})
      .weight("axes", std::vector<int64_t>{1})
      .node("ReduceSum", {"x", "axes"}, {"sum"});
  m.node("Add", {"p", "sum"}, {"y"});
  return m;
}

TEST_F(Networks, Compute) {
  const auto network = open(scale().str());
  ASSERT_TRUE(network.ok()) << network.error().message;
  const std::vector<float> x = {1, 2, 4};
  const TensorView input{"x", x, {1, 3}};
  const auto out = network->run({&input, 1}, std::vector<std::string>{"sum", "y"});
  ASSERT_TRUE(out.ok()) << out.error().message;
  ASSERT_EQ(out->size(), 2u);
  EXPECT_EQ((*out)[0].data, std::vector<float>{7});
  EXPECT_EQ((*out)[1].data, (std::vector<float>{10, 13, 19}));
  EXPECT_EQ((*out)[1].shape, (std::vector<int64_t>{1, 3}));
}

TEST_F(Networks, RunInSeveralThreads) {
  const auto network = open(scale().str());
  ASSERT_TRUE(network.ok());
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::vector<float> x(1 + i % 7, static_cast<float>(t));
        const TensorView input{"x", x, {1, static_cast<int64_t>(x.size())}};
        const auto out = network->run({&input, 1}, std::vector<std::string>{"sum"});
        right += out.ok() && (*out)[0].data[0] == static_cast<float>(t) * x.size() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
}

TEST_F(Networks, ErrorsNameTheFile) {
  const auto network = open(scale().str());
  ASSERT_TRUE(network.ok());
  const std::vector<float> x = {1, 2, 4};
  const auto run = [&](const TensorView& input, const std::string& output) {
    const auto out = network->run({&input, 1}, std::vector<std::string>{output});
    return out.ok() ? "" : out.error().message;
  };
  EXPECT_EQ(run({"x", x, {1, 2}}, "y"), "m.onnx: input 'x' has 3 numbers, but a shape of 2");
  EXPECT_EQ(run({"x", x, {2, -1}}, "y"), "m.onnx: input 'x' has 3 numbers, but a shape of -1");
  EXPECT_EQ(run({"x", x, {3}}, "y").find("m.onnx: "), 0u);
  EXPECT_EQ(run({"z", x, {1, 3}}, "y").find("m.onnx: "), 0u);
  EXPECT_EQ(run({"x", x, {1, 3}}, "z").find("m.onnx: "), 0u);
  // Operators in order, but nothing that fits together.
  ModelBytes broken;
  broken.input("x", {1}).output("y", {1}).node("Add", {"x"}, {"y"});
  const auto refused = open(broken.str());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInput);
  EXPECT_EQ(refused.error().message.find("m.onnx: "), 0u) << refused.error().message;
}

TEST_F(Networks, OutputsThatAreNotFloatAreErrors) {
  ModelBytes m;
  m.input("x", {2}).output("n", {1}, 7).node("Shape", {"x"}, {"n"});
  const auto network = open(m.str());
  ASSERT_TRUE(network.ok()) << network.error().message;
  const std::vector<float> x = {1, 2};
  const TensorView input{"x", x, {2}};
  EXPECT_EQ(network->run({&input, 1}, std::vector<std::string>{"n"}).error().message,
            "m.onnx: output 'n' is not float32");
}

TEST_F(Networks, TakeWeightsFromFiles) {
  const Folder folder("fovea_network_test");
  ModelBytes m;
  m.input("x", {2}).output("y", {2}).far_weight("w", {2}, "w.data", 4, 8).node("Mul", {"x", "w"}, {"y"});
  const std::vector<float> content = {9, 2, -1};
  folder.write("w.data", {reinterpret_cast<const char*>(content.data()), 12});
  auto file = read_graph_file(folder.write("m.onnx", m.str()));
  ASSERT_TRUE(file.ok()) << file.error().message;
  std::filesystem::remove(folder.file("w.data"));  // the runtime must not need it any more
  const auto network = Network::open(*std::move(file));
  ASSERT_TRUE(network.ok()) << network.error().message;
  const std::vector<float> x = {3, 5};
  const TensorView input{"x", x, {2}};
  const auto out = network->run({&input, 1}, std::vector<std::string>{"y"});
  ASSERT_TRUE(out.ok()) << out.error().message;
  EXPECT_EQ((*out)[0].data, (std::vector<float>{6, -5}));
}

// A model that others made, with known results.
TEST_F(Networks, RunForeignModels) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set";
  const struct {
    const char* name;
    float a, b, c;
  } cases[] = {{"vmaf_tiny_v2", 96.1420f, 80.5089f, 45.3815f},
               {"vmaf_tiny_v3", 97.6837f, 80.5983f, 45.4829f},
               {"vmaf_tiny_v4", 96.8693f, 80.5637f, 45.2170f}};
  const std::vector<float> rows = {1,    1,    1, 1,    1,    0,    .95f, .5f,  .8f,
                                   .87f, .91f, 5, .80f, .25f, .55f, .68f, .76f, 12};
  for (const auto& c : cases) {
    auto file = read_graph_file(std::string(data) + "/models/onnx/" + c.name + ".onnx");
    ASSERT_TRUE(file.ok()) << file.error().message;
    const auto network = Network::open(*std::move(file));
    ASSERT_TRUE(network.ok()) << network.error().message;
    const TensorView input{network->graph().inputs[0].name, rows, {3, 6}};
    const auto out = network->run({&input, 1}, std::vector<std::string>{network->graph().outputs[0].name});
    ASSERT_TRUE(out.ok()) << out.error().message;
    ASSERT_EQ((*out)[0].data.size(), 3u);
    EXPECT_NEAR((*out)[0].data[0], c.a, 1e-4) << c.name;
    EXPECT_NEAR((*out)[0].data[1], c.b, 1e-4) << c.name;
    EXPECT_NEAR((*out)[0].data[2], c.c, 1e-4) << c.name;
  }
}

}  // namespace
}  // namespace fovea::dnn
