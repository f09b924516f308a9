// The BPF object of a capture tier: opened, configured, loaded, attached, and asked for its counters. Mechanism only:
// which processes are targets and where probes go is decided in recorder/source/ebpf.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ring_reader.h"

namespace wiretape {

struct CaptureOptions {
  std::vector<uint8_t> object;
  std::vector<std::string> required;  // programs without which the tier is of no use
  std::vector<std::string> left_out;  // programs of the object's other tiers
  std::vector<std::string> optional;  // programs for kernel functions that only some kernels have: no refusal without
  std::vector<std::string> if_preempted;  // programs that are of use where programs on tracepoints can be preempted
  std::string cgroup;                 // folder of the cgroup (version 2) whose packets are looked at; empty: of none
  uint32_t ring_bytes = 0;            // a power of two
  uint32_t tls_objects = 0;           // known at a time
  uint32_t limit_bytes = 0;
  uint32_t wake_bytes = 0;
  int gather_ms = 0;
  uint64_t dear_map_ns = 0;
  uint32_t sampled = 0;
  bool everybody = false;
  bool watch_processes = false;
};

struct Refusal {
  std::string program;
  std::string reason;
};

struct UprobeRequest {
  std::string program;
  std::string path;
  std::vector<uint64_t> offsets;  // in the file
  bool is_return = false;
  uint32_t pid = 0;  // 0: every process that maps the file
  uint64_t counter = 0;  // place in the file of a number that counts the probes; 0: none
};

// How often the kernel did not run a program: it was running already on that CPU, or too many returns were under way.
struct Skips {
  std::string program;
  uint64_t times;
};

struct Counters {
  uint64_t events, bytes, ring_full_events, ring_full_bytes, left_out_times, left_out_bytes, faults, state_full, deep_calls;
  std::vector<Skips> skips;  // of every loaded program
  uint64_t unread_bytes; // waiting in the ring
};

class Capture {
 public:
  explicit Capture(CaptureOptions options);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // Throws Failure when a required program is refused; the other refusals are kept for `refusals`.
  void load();
  // Attaches the tracepoints. Throws Failure when a required one is refused.
  void attach();
  const std::vector<Refusal>& refusals() const { return refusals_; }
  bool has_uprobe_multi() const { return uprobe_multi_; }

  void add_target(uint32_t tgid);
  void remove_target(uint32_t tgid);
  // Runs the socket iterator: events for the sockets that targets hold now.
  void seed_sockets();
  // Runs its iterator: events for how the connections stand that targets hold now and that were told of.
  void take_stock();
  // Generations of the unix sockets that targets hold now and that were told of.
  std::vector<uint64_t> unix_census();

  // Returns a handle for `detach_uprobe`. Throws Failure.
  uint32_t attach_uprobe(const UprobeRequest& request);
  void detach_uprobe(uint32_t handle);

  Ring ring() const;
  Counters counters() const;

 private:
  std::vector<Skips> skips() const;

  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  using Object = std::unique_ptr<bpf_object, CloseObject>;

  Object open() const;
  void configure(bpf_object* object) const;
  Object open_for(const std::vector<std::string>& programs) const;
  std::vector<std::string> wanted_programs() const;
  bool loads(const std::vector<std::string>& programs) const;
  void try_each_program(const std::vector<std::string>& wanted);
  std::vector<char> run_iterator(const std::string& name);
  void expect_packets();
  void mark(uint32_t tgid);
  int map_fd(const char* name) const;
  bpf_program* program(const std::string& name) const;
  int attach_multi(const UprobeRequest& request, bpf_program* prog) const;

  CaptureOptions options_;
  Object object_;
  std::vector<Refusal> refusals_;
  struct Hook {
    bpf_link* link;
    std::string program;
    bool is_kprobe;
  };
  std::vector<Hook> hooks_;
  struct Uprobe {
    std::vector<int> fds;
    std::vector<bpf_link*> links;
  };
  std::map<uint32_t, Uprobe> uprobes_;
  std::vector<std::thread> closers_;
  uint32_t last_handle_ = 0;
  bool uprobe_multi_ = false;
};

}  // namespace wiretape
