#include "return_probe_trial.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "failure.h"
#include "uprobe_multi.h"

namespace wiretape {
namespace {

constexpr uint32_t kUretprobeCall = 335;  // x86-64
constexpr int kVictimSays = 7;

volatile int victim_input = kVictimSays - 1;

// The function that is probed. It must be called and must return: neither inlined nor ended by a jump.
__attribute__((noinline, noipa, used)) int victim() { return victim_input + 1; }

struct Place {
  std::string path;
  uint64_t offset = 0;
};

// Where the victim's first instruction lies in the file it was loaded from.
Place place_of_victim() {
  auto address = reinterpret_cast<uint64_t>(&victim);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uint64_t start = 0, end = 0, offset = 0;
    int path_at = 0;
    int found = sscanf(line.c_str(), "%lx-%lx %*s %lx %*s %*s %n", &start, &end, &offset, &path_at);
    if (found >= 3 && address >= start && address < end) return {line.substr(static_cast<size_t>(path_at)), address - start + offset};
  }
  return {};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

// A program that notes in its map that it ran: that a probe can be attached does not mean that it works.
int load_noting_program(int map_fd, bool multi) {
  const bpf_insn instructions[] = {
      {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_VALUE, .off = 0, .imm = map_fd},
      {.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 1, .src_reg = 0, .off = 0, .imm = 1},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  if (multi) options.expected_attach_type = static_cast<bpf_attach_type>(kTraceUprobeMulti);
  return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "wt_try_return", "GPL", instructions, std::size(instructions), &options);
}

int number_in(const char* path) {
  std::ifstream file(path);
  int number = -1;
  file >> number;
  return number;
}

// A return probe by perf, for every process that maps the file; its descriptor, or -1 with errno.
int attach_by_perf(int program_fd, const Place& place) {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = static_cast<uint32_t>(number_in("/sys/bus/event_source/devices/uprobe/type"));
  attributes.config = 1;  // bit 0: at the return (.../uprobe/format/retprobe)
  attributes.uprobe_path = reinterpret_cast<uint64_t>(place.path.c_str());
  attributes.probe_offset = place.offset;
  int fd = static_cast<int>(syscall(__NR_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC));
  if (fd < 0) return -1;
  if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program_fd) == 0 && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

int attach_return_probe(int program_fd, const Place& place, bool multi) {
  if (!multi) return attach_by_perf(program_fd, place);
  return link_uprobe_multi({.program_fd = program_fd, .path = place.path, .offsets = {place.offset}, .is_return = true, .pid = 0});
}

// Runs in a child forked from a process of many threads: nothing here but system calls.
[[noreturn]] void run_victim_under_filter() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kUretprobeCall, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter = {.len = std::size(steps), .filter = steps};
  rlimit no_core{};
  setrlimit(RLIMIT_CORE, &no_core);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) _exit(1);
  _exit(victim());
}

ReturnProbeTrial unknown(const std::string& step, int error) {
  return {ReturnProbeTrial::Outcome::unknown, step + ": " + strerror(error)};
}

ReturnProbeTrial judge(int status, bool ran) {
  using Outcome = ReturnProbeTrial::Outcome;
  if (WIFSIGNALED(status)) {
    return {Outcome::killed, "a child with a seccomp filter was ended by signal " + std::to_string(WTERMSIG(status))};
  }
  if (WEXITSTATUS(status) != kVictimSays) return {Outcome::unknown, "a child could not install a seccomp filter"};
  if (!ran) return {Outcome::unknown, "the return probe did not run"};
  return {Outcome::safe, "a child with a seccomp filter lives"};
}

}  // namespace

ReturnProbeTrial try_return_probe() {
  bool multi = ask_uprobe_multi() == UprobeMulti::by_process;
  Descriptor map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "wt_tried", sizeof(uint32_t), sizeof(uint32_t), 1, nullptr));
  if (!map.is_open()) return unknown("map", errno);
  Descriptor program(load_noting_program(map.get(), multi));
  if (!program.is_open()) return unknown("load", errno);
  Place place = place_of_victim();
  Descriptor probe(attach_return_probe(program.get(), place, multi));
  if (!probe.is_open()) return unknown("attach to " + place.path, errno);
  pid_t child = fork();
  if (child < 0) return unknown("fork", errno);
  if (child == 0) run_victim_under_filter();
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return unknown("wait", errno);
  }
  uint32_t zero = 0, ran = 0;
  bpf_map_lookup_elem(map.get(), &zero, &ran);
  return judge(status, ran != 0);
}

}  // namespace wiretape
