#include "capture.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

#include "../../bpf/config.h"
#include "failure.h"
#include "uprobe_multi.h"

namespace wiretape {
namespace {

constexpr size_t kClosersMost = 32;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_uprobe(const bpf_program* prog) {
  return std::strncmp(bpf_program__section_name(prog), "uprobe", 6) == 0;
}

bool is_kprobe(const bpf_program* prog) {
  const char* section = bpf_program__section_name(prog);
  return std::strncmp(section, "kprobe/", 7) == 0 || std::strncmp(section, "kretprobe/", 10) == 0;
}

// Without the kernel's perf sources libbpf goes through tracefs, where a probe outlives a recorder that is killed.
bool can_probe_by_perf(const char* source) {
  return access((std::string("/sys/bus/event_source/devices/") + source + "/type").c_str(), R_OK) == 0;
}

bool is_packet_hook(const bpf_program* prog) {
  return std::strncmp(bpf_program__section_name(prog), "cgroup_skb/", 11) == 0;
}

// The kernel keeps the cgroup; the folder need not stay open.
bpf_link* attach_to_cgroup(bpf_program* prog, const std::string& folder) {
  int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  bpf_link* link = bpf_program__attach_cgroup(prog, fd);
  int error = errno;
  close(fd);
  errno = error;
  return link;
}

bpf_link* attach_hook(bpf_program* prog) {
  if (!is_kprobe(prog) || can_probe_by_perf("kprobe")) return bpf_program__attach(prog);
  errno = EOPNOTSUPP;
  return nullptr;
}

// struct bpf_link_info of a kprobe, as the kernel has it since 6.7; older ones leave `missed` as it was given.
struct KprobeLinkInfo {
  uint32_t type, id, prog_id, padding;
  uint32_t event_type, padding2;
  uint64_t function_name;
  uint32_t name_length, offset;
  uint64_t address, missed, cookie;
};

// Entries the kernel did not tell of, and returns for which it had no room.
uint64_t misses_of_kprobe(int link_fd) {
  KprobeLinkInfo info{};
  uint32_t size = sizeof(info);
  bool known = bpf_obj_get_info_by_fd(link_fd, &info, &size) == 0 && info.type == BPF_LINK_TYPE_PERF_EVENT;
  return known ? info.missed : 0;
}

bool is_iterator(const bpf_program* prog) { return std::strncmp(bpf_program__section_name(prog), "iter/", 5) == 0; }

// The verifier gives up with EAGAIN when its task has a signal waiting; a profiler's would come a thousand times a second.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

// The name of what a program is attached to: the last part of its section's name.
std::string hooked_function(const bpf_program* prog) {
  std::string section = bpf_program__section_name(prog);
  return section.substr(section.rfind('/') + 1);
}

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};

/*
 * Whether a thread can be put aside in the middle of a program on a tracepoint. Since 7.0 tracepoints are guarded by SRCU of
 * the kind that came with 6.15, before by preemption that is off; from 6.3 to 6.12 there was SRCU of the older kind by the
 * same name, for tracepoints without RCU. A kernel whose types tell of no variables may be any.
 */
bool may_preempt_tracepoints() {
  std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());
  auto has = [&](const char* name, uint32_t kind) { return btf__find_by_name_kind(types.get(), name, kind) > 0; };
  if (!types || !has("runqueues", BTF_KIND_VAR)) return true;
  return has("tracepoint_srcu_srcu_data", BTF_KIND_VAR) && has("srcu_ctr", BTF_KIND_STRUCT);
}

// The function, or the tracepoint, that a program is attached to.
bool kernel_has_hook_of(const bpf_program* prog) {
  std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());
  bool is_tracepoint = std::strncmp(bpf_program__section_name(prog), "tp_btf/", 7) == 0;
  std::string name = (is_tracepoint ? "btf_trace_" : "") + hooked_function(prog);
  uint32_t kind = is_tracepoint ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC;
  return types && btf__find_by_name_kind(types.get(), name.c_str(), kind) > 0;
}

}  // namespace

Capture::Capture(CaptureOptions options) : options_(std::move(options)) {
  collect_libbpf_messages();
  uprobe_multi_ = ask_uprobe_multi() == UprobeMulti::by_process;
}

Capture::~Capture() {
  while (!uprobes_.empty()) detach_uprobe(uprobes_.begin()->first);
  for (std::thread& closer : closers_) closer.join();
  for (const Hook& hook : hooks_) bpf_link__destroy(hook.link);
}

Capture::Object Capture::open() const {
  LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "wiretape");
  bpf_object* object = bpf_object__open_mem(options_.object.data(), options_.object.size(), &opts);
  if (object == nullptr) throw Failure{"open", errno, take_libbpf_messages()};
  return Object(object);
}

void Capture::configure(bpf_object* object) const {
  bpf_map* ring = bpf_object__find_map_by_name(object, "wt_events");
  bpf_map* tls_objects = bpf_object__find_map_by_name(object, "wt_tls");
  bpf_map* constants = bpf_object__find_map_by_name(object, "wiretape.rodata");
  config_settings settings{};
  settings.self_tgid = static_cast<uint32_t>(getpid());
  settings.everybody = options_.everybody;
  settings.watch_processes = options_.watch_processes;
  settings.limit_bytes = options_.limit_bytes;
  settings.wake_bytes = options_.wake_bytes;
  settings.behind_bytes = options_.ring_bytes / 2;
  settings.data_bytes = options_.ring_bytes - options_.ring_bytes / 16;
  settings.sampled = options_.sampled;
  bool fits = ring != nullptr && tls_objects != nullptr && constants != nullptr && bpf_map__value_size(constants) == sizeof(settings);
  if (!fits || bpf_map__set_initial_value(constants, &settings, sizeof(settings)) != 0) {
    throw Failure{"open", EINVAL, "the BPF object and the addon were not built from the same sources"};
  }
  bpf_map__set_max_entries(ring, options_.ring_bytes);
  bpf_map__set_max_entries(tls_objects, options_.tls_objects);
}

// The object with these programs only, ready to be loaded.
Capture::Object Capture::open_for(const std::vector<std::string>& programs) const {
  Object object = open();
  configure(object.get());
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, object.get()) {
    bpf_program__set_autoload(prog, contains(programs, bpf_program__name(prog)));
    if (is_uprobe(prog) && uprobe_multi_) {
      bpf_program__set_expected_attach_type(prog, static_cast<bpf_attach_type>(kTraceUprobeMulti));
    }
  }
  return object;
}

// The programs of the tier, without those whose hook this kernel need not have and does not, and without those that would find nothing to do.
std::vector<std::string> Capture::wanted_programs() const {
  std::vector<std::string> wanted;
  bool none_preempted = !options_.if_preempted.empty() && !may_preempt_tracepoints();
  auto finds_nothing = [&](const std::string& name) {
    return none_preempted && contains(options_.if_preempted, name) && !contains(options_.required, name);
  };
  Object object = open();
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, object.get()) {
    std::string name = bpf_program__name(prog);
    if (contains(options_.left_out, name)) continue;
    if (finds_nothing(name)) continue;
    if (contains(options_.optional, name) && !kernel_has_hook_of(prog)) continue;
    wanted.push_back(name);
  }
  return wanted;
}

bool Capture::loads(const std::vector<std::string>& programs) const {
  Object object = open_for(programs);
  // An attempt needs no 64 MiB.
  bpf_map__set_max_entries(bpf_object__find_map_by_name(object.get(), "wt_events"), 1 << 16);
  take_libbpf_messages();
  return bpf_object__load(object.get()) == 0;
}

// To learn which of them this kernel takes. The required ones first: without them the others do not matter.
void Capture::try_each_program(const std::vector<std::string>& wanted) {
  for (const std::string& name : options_.required) {
    if (!loads({name})) throw Failure{"load " + name, EINVAL, take_libbpf_messages()};
  }
  for (const std::string& name : wanted) {
    if (!contains(options_.required, name) && !loads({name})) refusals_.push_back({name, take_libbpf_messages()});
  }
}

void Capture::load() {
  SignalsHeld held;
  std::vector<std::string> wanted = wanted_programs();
  object_ = open_for(wanted);
  take_libbpf_messages();
  if (bpf_object__load(object_.get()) == 0) return;
  int error = errno;
  std::string said = take_libbpf_messages();
  // Without the right to load anything, trying program by program says nothing new. (The verifier says EACCES too.)
  if (!loads({options_.required.front()})) throw Failure{"load", error, said};
  try_each_program(wanted);
  std::erase_if(wanted, [this](const std::string& name) {
    return std::any_of(refusals_.begin(), refusals_.end(), [&](const Refusal& one) { return one.program == name; });
  });
  object_ = open_for(wanted);
  if (bpf_object__load(object_.get()) != 0) throw Failure{"load", errno, take_libbpf_messages()};
}

void Capture::attach() {
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, object_.get()) {
    if (is_uprobe(prog) || is_iterator(prog) || !bpf_program__autoload(prog)) continue;
    take_libbpf_messages();
    bpf_link* link = is_packet_hook(prog) ? attach_to_cgroup(prog, options_.cgroup) : attach_hook(prog);
    if (link != nullptr) {
      hooks_.push_back({link, bpf_program__name(prog), is_kprobe(prog)});
      if (is_packet_hook(prog)) expect_packets();
      continue;
    }
    int error = errno;
    std::string name = bpf_program__name(prog);
    std::string said = take_libbpf_messages();
    if (said.empty()) said = error == EOPNOTSUPP ? "this kernel has no kprobes by perf" : strerror(error);
    if (contains(options_.required, name)) throw Failure{"attach " + name, error, said};
    refusals_.push_back({name, said});
  }
}

// From now on what is sent from no memory is taken from packets.
void Capture::expect_packets() {
  uint32_t key = 0;
  uint32_t on = 1;
  if (bpf_map_update_elem(map_fd("wt_packets_on"), &key, &on, BPF_ANY) != 0) throw Failure{"packets", errno, strerror(errno)};
}

int Capture::map_fd(const char* name) const {
  int fd = bpf_object__find_map_fd_by_name(object_.get(), name);
  if (fd < 0) throw Failure{std::string("map ") + name, ENOENT, "the map is not in the BPF object"};
  return fd;
}

bpf_program* Capture::program(const std::string& name) const {
  bpf_program* prog = bpf_object__find_program_by_name(object_.get(), name.c_str());
  if (prog == nullptr) throw Failure{"program " + name, ENOENT, "the program is not in the BPF object"};
  return prog;
}

Ring Capture::ring() const { return {map_fd("wt_events"), options_.ring_bytes, options_.wake_bytes, map_fd(".data.reader"), options_.gather_ms,
          options_.dear_map_ns}; }

// Before it is a target: programs look no further where there is no mark.
void Capture::mark(uint32_t tgid) {
  Mapping marks(map_fd(".data.marks"), TARGET_MARKS, PROT_READ | PROT_WRITE, 0);
  marks.bytes()[tgid % TARGET_MARKS] = 1;
}

void Capture::add_target(uint32_t tgid) {
  config_target target{};
  mark(tgid);
  if (bpf_map_update_elem(map_fd("wt_targets"), &tgid, &target, BPF_NOEXIST) != 0 && errno != EEXIST) {
    throw Failure{"add target", errno, "the set of targets is full"};
  }
}

void Capture::remove_target(uint32_t tgid) { bpf_map_delete_elem(map_fd("wt_targets"), &tgid); }

// The iterator runs as it is read; what it prints is returned.
std::vector<char> Capture::run_iterator(const std::string& name) {
  std::vector<char> printed;
  bpf_program* prog = program(name);
  if (!bpf_program__autoload(prog)) return printed;
  take_libbpf_messages();
  bpf_link* link = bpf_program__attach_iter(prog, nullptr);
  if (link == nullptr) throw Failure{"attach " + name, errno, take_libbpf_messages()};
  int fd = bpf_iter_create(bpf_link__fd(link));
  std::array<char, 4096> piece{};
  for (ssize_t count = fd < 0 ? 0 : 1; count > 0;) {
    count = read(fd, piece.data(), piece.size());
    if (count > 0) printed.insert(printed.end(), piece.data(), piece.data() + count);
    // The iterator pauses between many entries without output.
    if (count < 0 && errno == EAGAIN) count = 1;
  }
  if (fd >= 0) close(fd);
  bpf_link__destroy(link);
  return printed;
}

void Capture::seed_sockets() { run_iterator("wt_seed_sockets"); }

void Capture::take_stock() { run_iterator("wt_take_stock"); }

std::vector<uint64_t> Capture::unix_census() {
  std::vector<char> printed = run_iterator("wt_unix_census");
  std::vector<uint64_t> generations(printed.size() / sizeof(uint64_t));
  if (!generations.empty()) memcpy(generations.data(), printed.data(), generations.size() * sizeof(uint64_t));
  return generations;
}

int Capture::attach_multi(const UprobeRequest& request, bpf_program* prog) const {
  int fd = link_uprobe_multi({.program_fd = bpf_program__fd(prog),
                              .path = request.path,
                              .offsets = request.offsets,
                              .is_return = request.is_return,
                              .counter = request.counter,
                              .pid = request.pid});
  if (fd < 0) throw Failure{"attach " + request.program, errno, strerror(errno)};
  return fd;
}

uint32_t Capture::attach_uprobe(const UprobeRequest& request) {
  bpf_program* prog = program(request.program);
  if (!bpf_program__autoload(prog)) throw Failure{"attach " + request.program, ENOTSUP, "the program was refused at load"};
  Uprobe uprobe;
  if (uprobe_multi_) {
    uprobe.fds = {attach_multi(request, prog)};
  } else if (!can_probe_by_perf("uprobe")) {
    throw Failure{"attach " + request.program, EOPNOTSUPP, "this kernel has no uprobes by perf"};
  } else {
    int pid = request.pid == 0 ? -1 : static_cast<int>(request.pid);
    for (uint64_t offset : request.offsets) {
      take_libbpf_messages();
      LIBBPF_OPTS(bpf_uprobe_opts, options, .ref_ctr_offset = request.counter, .retprobe = request.is_return);
      bpf_link* link = bpf_program__attach_uprobe_opts(prog, pid, request.path.c_str(), offset, &options);
      if (link == nullptr) {
        int error = errno;
        for (bpf_link* made : uprobe.links) bpf_link__destroy(made);
        throw Failure{"attach " + request.program, error, take_libbpf_messages()};
      }
      uprobe.links.push_back(link);
    }
  }
  uprobes_[++last_handle_] = std::move(uprobe);
  return last_handle_;
}

void Capture::detach_uprobe(uint32_t handle) {
  auto found = uprobes_.find(handle);
  if (found == uprobes_.end()) return;
  if (closers_.size() >= kClosersMost) {
    for (std::thread& closer : closers_) closer.join();
    closers_.clear();
  }
  // Each close waits some 30 ms for the kernel to be sure that nobody runs the probe: not on the caller's time.
  closers_.emplace_back([uprobe = std::move(found->second)] {
    for (int fd : uprobe.fds) close(fd);
    for (bpf_link* link : uprobe.links) bpf_link__destroy(link);
  });
  uprobes_.erase(found);
}

Counters Capture::counters() const {
  int cpus = libbpf_num_possible_cpus();
  std::vector<uint64_t> values(static_cast<size_t>(std::max(cpus, 1)));
  auto sum = [&](uint32_t which) {
    uint64_t total = 0;
    if (bpf_map_lookup_elem(map_fd("wt_counters"), &which, values.data()) == 0) {
      for (uint64_t value : values) total += value;
    }
    return total;
  };
  Counters counters{};
  counters.events = sum(COUNT_EVENTS);
  counters.bytes = sum(COUNT_BYTES);
  counters.ring_full_events = sum(COUNT_RING_FULL_EVENTS);
  counters.ring_full_bytes = sum(COUNT_RING_FULL_BYTES);
  counters.left_out_times = sum(COUNT_LEFT_OUT_TIMES);
  counters.left_out_bytes = sum(COUNT_LEFT_OUT_BYTES);
  counters.faults = sum(COUNT_FAULTS);
  counters.state_full = sum(COUNT_STATE_FULL);
  counters.deep_calls = sum(COUNT_DEEP_CALLS);
  counters.skips = skips();
  return counters;
}

std::vector<Skips> Capture::skips() const {
  std::map<std::string, uint64_t> times;
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, object_.get()) {
    if (!bpf_program__autoload(prog)) continue;
    bpf_prog_info info{};
    uint32_t size = sizeof(info);
    bool known = bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &size) == 0;
    times[bpf_program__name(prog)] = known ? info.recursion_misses : 0;
  }
  for (const Hook& hook : hooks_) times[hook.program] += hook.is_kprobe ? misses_of_kprobe(bpf_link__fd(hook.link)) : 0;
  std::vector<Skips> all;
  for (const auto& [program, count] : times) all.push_back({program, count});
  return all;
}

}  // namespace wiretape
