// SPDX-License-Identifier: BSD-2-Clause-Patent
// The subcommands of `fovea`. Each adds its options to the parser; what it returns when run is the exit status.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace fovea::app {

inline constexpr const char* kVersion = FOVEA_VERSION;

using Command = std::function<int()>;

Command add_score(CLI::App& parent);
Command add_models(CLI::App& parent);
Command add_model(CLI::App& parent);
Command add_metrics(CLI::App& parent);

// Prints "fovea: MESSAGE" to standard error and returns the status.
int complain(int status, const std::string& message);

}  // namespace fovea::app
