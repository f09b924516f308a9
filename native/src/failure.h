// What the addon throws: which step failed, the kernel's errno, and what libbpf or the verifier said. No policy here:
// binding.ts turns it into an error with a remedy.
#pragma once

#include <string>

namespace wiretape {

struct Failure {
  std::string step;
  int error;  // positive errno
  std::string detail;
};

// Collects what libbpf prints, so that a refusal can be shown with its reason. One per process, as libbpf has it.
void collect_libbpf_messages();
std::string take_libbpf_messages();

}  // namespace wiretape
