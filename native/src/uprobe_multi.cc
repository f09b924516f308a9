#include "uprobe_multi.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace wiretape {
namespace {

constexpr uint32_t kReturn = 1;

// The part of union bpf_attr that BPF_LINK_CREATE reads for this attach type.
struct LinkCreateUprobeMulti {
  uint32_t prog_fd, target_fd, attach_type, flags;
  uint64_t path, offsets, ref_ctr_offsets, cookies;
  uint32_t count, multi_flags, pid, padding;
};

int load_empty_program() {
  const bpf_insn instructions[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = static_cast<bpf_attach_type>(kTraceUprobeMulti));
  return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "wt_ask_multi", "GPL", instructions, std::size(instructions), &options);
}

// The errno of asking for a link on the root folder, which is no regular file.
int refusal_of(int program_fd, uint32_t pid) {
  int fd = link_uprobe_multi({.program_fd = program_fd, .path = "/", .offsets = {0}, .is_return = false, .pid = pid});
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

}  // namespace

int link_uprobe_multi(const MultiLink& wanted) {
  LinkCreateUprobeMulti attributes{};
  attributes.prog_fd = static_cast<uint32_t>(wanted.program_fd);
  attributes.attach_type = kTraceUprobeMulti;
  attributes.path = reinterpret_cast<uint64_t>(wanted.path.c_str());
  attributes.offsets = reinterpret_cast<uint64_t>(wanted.offsets.data());
  std::vector<uint64_t> counters(wanted.counter == 0 ? 0 : wanted.offsets.size(), wanted.counter);
  if (!counters.empty()) attributes.ref_ctr_offsets = reinterpret_cast<uint64_t>(counters.data());
  attributes.count = static_cast<uint32_t>(wanted.offsets.size());
  attributes.multi_flags = wanted.is_return ? kReturn : 0;
  attributes.pid = wanted.pid;
  return static_cast<int>(syscall(__NR_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes)));
}

UprobeMulti ask_uprobe_multi() {
  int program_fd = load_empty_program();
  if (program_fd < 0) return UprobeMulti::absent;
  bool is_there = refusal_of(program_fd, 0) == EBADF;
  // Kernels that filter by process look at the pid first; the older ones at the file.
  bool is_by_process = is_there && refusal_of(program_fd, static_cast<uint32_t>(-1)) == EINVAL;
  close(program_fd);
  if (!is_there) return UprobeMulti::absent;
  return is_by_process ? UprobeMulti::by_process : UprobeMulti::by_thread;
}

}  // namespace wiretape
