// Whether this kernel has uprobe links that take many places at once (uprobe_multi), and what their pid filter means.
// Found out by asking for a link that can never be made: that such a program loads says nothing before kernel 6.6.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wiretape {

enum class UprobeMulti {
  absent,
  by_thread,   // 6.6 to 6.9: a pid means that one thread, so the other threads of a process would go unseen
  by_process,
};

UprobeMulti ask_uprobe_multi();

// linux/bpf.h of Debian 12 does not know this attach type yet.
constexpr uint32_t kTraceUprobeMulti = 48;

struct MultiLink {
  int program_fd = -1;
  std::string path;
  std::vector<uint64_t> offsets;  // in the file
  bool is_return = false;
  uint64_t counter = 0;  // place in the file of a number that counts the probes; 0: none
  uint32_t pid = 0;  // 0: every process
};

// The link's descriptor, or -1 with errno.
int link_uprobe_multi(const MultiLink& wanted);

}  // namespace wiretape
