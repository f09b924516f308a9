// Whether a return probe ends a process whose seccomp filter does not know of it. Tried on a child of ours, because
// release numbers do not tell: kernels from 6.11 on run return probes by a system call of their own, and stable kernels
// since let it pass filters or do not.
#pragma once

#include <string>

namespace wiretape {

struct ReturnProbeTrial {
  enum class Outcome { safe, killed, unknown } outcome;
  std::string detail;  // what was seen; for `unknown`, why nothing could be
};

// Forks; takes some 30 ms, most of it for the kernel to take the probe away again.
ReturnProbeTrial try_return_probe();

}  // namespace wiretape
