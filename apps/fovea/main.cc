// SPDX-License-Identifier: BSD-2-Clause-Patent
// `fovea`: measures the quality of video and helps to choose encodes.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.h"

namespace fovea::app {

int complain(int status, const std::string& message) {
  std::fprintf(stderr, "fovea: %s\n", message.c_str());
  return status;
}

}  // namespace fovea::app

int main(int argc, char** argv) {
  using namespace fovea::app;
  CLI::App app{
      "fovea measures perceptual picture quality: VMAF and its companions, of video in any container,\n"
      "with the numbers of libvmaf and several times faster.",
      "fovea"};
  app.set_version_flag("--version", std::string("fovea ") + kVersion);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  fovea score source.mov encode.mkv\n"
      "  fovea score source.mov a.mkv b.mkv c.mkv -o report.json\n"
      "  fovea score ref.yuv dis.yuv --size 1920x1080 --chroma 420 --bit-depth 10\n"
      "  fovea models\n\n"
      "Exit status: 0 success, 2 bad usage or input, 3 partial result, 4 output not written, 5 internal fault.");
  Command commands[] = {add_score(app), add_models(app), add_model(app), add_metrics(app)};
  const char* names[] = {"score", "models", "model", "metrics"};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // help and version
    std::fprintf(stderr, "fovea: %s\nTry `fovea%s --help`.\n", e.what(),
                 argc > 1 && argv[1][0] != '-' ? (std::string(" ") + argv[1]).c_str() : "");
    return 2;
  }
  for (size_t i = 0; i < std::size(commands); ++i) {
    if (app.got_subcommand(names[i])) return commands[i]();
  }
  return 2;
}
