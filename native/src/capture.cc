#include "capture.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "../../bpf/config.h"
#include "failure.h"

namespace wiretape {
namespace {

// linux/bpf.h of Debian 12 does not know these yet (kernel 6.6).
constexpr uint32_t kTraceUprobeMulti = 48;
constexpr uint32_t kUprobeMultiReturn = 1;
constexpr size_t kClosersMost = 32;
struct LinkCreateUprobeMulti {
  uint32_t prog_fd, target_fd, attach_type, flags;
  uint64_t path, offsets, ref_ctr_offsets, cookies;
  uint32_t count, multi_flags, pid, padding;
};

int bpf_call(int command, void* attributes, size_t size) {
  return static_cast<int>(syscall(__NR_bpf, command, attributes, size));
}

bool is_uprobe(const bpf_program* prog) {
  return std::strncmp(bpf_program__section_name(prog), "uprobe", 6) == 0;
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

void choose_attach_type(bpf_object* object, bool multi) {
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, object) {
    if (is_uprobe(prog) && multi) {
      bpf_program__set_expected_attach_type(prog, static_cast<bpf_attach_type>(kTraceUprobeMulti));
    }
  }
}

}  // namespace

Capture::Capture(CaptureOptions options) : options_(std::move(options)) { collect_libbpf_messages(); }

Capture::~Capture() {
  while (!uprobes_.empty()) detach_uprobe(uprobes_.begin()->first);
  for (std::thread& closer : closers_) closer.join();
  for (bpf_link* link : links_) bpf_link__destroy(link);
}

Capture::Object Capture::open() const {
  LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "wiretape");
  bpf_object* object = bpf_object__open_mem(options_.object.data(), options_.object.size(), &opts);
  if (object == nullptr) throw Failure{"open", errno, take_libbpf_messages()};
  return Object(object);
}

void Capture::configure(bpf_object* object) const {
  bpf_map* ring = bpf_object__find_map_by_name(object, "wt_events");
  bpf_map* constants = bpf_object__find_map_by_name(object, "wiretape.rodata");
  config_settings settings{};
  settings.self_tgid = static_cast<uint32_t>(getpid());
  settings.everybody = options_.everybody;
  settings.watch_processes = options_.watch_processes;
  settings.limit_bytes = options_.limit_bytes;
  settings.wake_bytes = options_.wake_bytes;
  settings.data_bytes = options_.ring_bytes - options_.ring_bytes / 16;
  bool fits = ring != nullptr && constants != nullptr && bpf_map__value_size(constants) == sizeof(settings);
  if (!fits || bpf_map__set_initial_value(constants, &settings, sizeof(settings)) != 0) {
    throw Failure{"open", EINVAL, "the BPF object and the addon were not built from the same sources"};
  }
  bpf_map__set_max_entries(ring, options_.ring_bytes);
}

// Each program in an object of its own, to learn which of them this kernel takes.
std::vector<Refusal> Capture::try_each_program(bool multi) const {
  std::vector<std::string> names;
  Object list = open();
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, list.get()) names.emplace_back(bpf_program__name(prog));
  std::vector<Refusal> refused;
  for (const std::string& name : names) {
    Object object = open();
    configure(object.get());
    // The other attempts need no 64 MiB.
    bpf_map__set_max_entries(bpf_object__find_map_by_name(object.get(), "wt_events"), 1 << 16);
    choose_attach_type(object.get(), multi);
    bpf_object__for_each_program(prog, object.get()) {
      bpf_program__set_autoload(prog, name == bpf_program__name(prog));
    }
    take_libbpf_messages();
    if (bpf_object__load(object.get()) != 0) refused.push_back({name, take_libbpf_messages()});
  }
  return refused;
}

void Capture::load() {
  SignalsHeld held;
  for (bool multi : {true, false}) {
    object_ = open();
    configure(object_.get());
    choose_attach_type(object_.get(), multi);
    take_libbpf_messages();
    uprobe_multi_ = multi;
    if (bpf_object__load(object_.get()) == 0) return;
    int error = errno;
    std::string said = take_libbpf_messages();
    // Without the right to load anything, trying program by program says nothing new.
    if (error == EPERM || error == EACCES) throw Failure{"load", error, said};
  }
  refusals_ = try_each_program(false);
  for (const Refusal& refusal : refusals_) {
    auto required = std::find(options_.required.begin(), options_.required.end(), refusal.program);
    if (required != options_.required.end()) throw Failure{"load " + refusal.program, EINVAL, refusal.reason};
  }
  object_ = open();
  configure(object_.get());
  for (const Refusal& refusal : refusals_) bpf_program__set_autoload(program(refusal.program), false);
  uprobe_multi_ = false;
  if (bpf_object__load(object_.get()) != 0) throw Failure{"load", errno, take_libbpf_messages()};
}

void Capture::attach() {
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, object_.get()) {
    if (is_uprobe(prog) || is_iterator(prog) || !bpf_program__autoload(prog)) continue;
    take_libbpf_messages();
    bpf_link* link = bpf_program__attach(prog);
    if (link != nullptr) {
      links_.push_back(link);
      continue;
    }
    int error = errno;
    std::string name = bpf_program__name(prog);
    std::string said = take_libbpf_messages();
    if (std::find(options_.required.begin(), options_.required.end(), name) != options_.required.end()) {
      throw Failure{"attach " + name, error, said};
    }
    refusals_.push_back({name, said.empty() ? strerror(error) : said});
  }
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

int Capture::ring_fd() const { return map_fd("wt_events"); }

void Capture::add_target(uint32_t tgid) {
  config_target target{};
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

std::vector<uint64_t> Capture::unix_census() {
  std::vector<char> printed = run_iterator("wt_unix_census");
  std::vector<uint64_t> generations(printed.size() / sizeof(uint64_t));
  if (!generations.empty()) memcpy(generations.data(), printed.data(), generations.size() * sizeof(uint64_t));
  return generations;
}

std::vector<int> Capture::attach_multi(const UprobeRequest& request, bpf_program* prog) const {
  LinkCreateUprobeMulti attributes{};
  attributes.prog_fd = static_cast<uint32_t>(bpf_program__fd(prog));
  attributes.attach_type = kTraceUprobeMulti;
  attributes.path = reinterpret_cast<uint64_t>(request.path.c_str());
  attributes.offsets = reinterpret_cast<uint64_t>(request.offsets.data());
  attributes.count = static_cast<uint32_t>(request.offsets.size());
  attributes.multi_flags = request.is_return ? kUprobeMultiReturn : 0;
  attributes.pid = request.pid;
  int fd = bpf_call(BPF_LINK_CREATE, &attributes, sizeof(attributes));
  if (fd < 0) throw Failure{"attach " + request.program, errno, strerror(errno)};
  return {fd};
}

uint32_t Capture::attach_uprobe(const UprobeRequest& request) {
  bpf_program* prog = program(request.program);
  if (!bpf_program__autoload(prog)) throw Failure{"attach " + request.program, ENOTSUP, "the program was refused at load"};
  Uprobe uprobe;
  if (uprobe_multi_) {
    uprobe.fds = attach_multi(request, prog);
  } else {
    int pid = request.pid == 0 ? -1 : static_cast<int>(request.pid);
    for (uint64_t offset : request.offsets) {
      take_libbpf_messages();
      bpf_link* link = bpf_program__attach_uprobe(prog, request.is_return, pid, request.path.c_str(), offset);
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
  counters.faults = sum(COUNT_FAULTS);
  counters.state_full = sum(COUNT_STATE_FULL);
  counters.deep_calls = sum(COUNT_DEEP_CALLS);
  bpf_program* prog = nullptr;
  bpf_object__for_each_program(prog, object_.get()) {
    if (!bpf_program__autoload(prog)) continue;
    bpf_prog_info info{};
    uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &size) == 0) counters.missed_runs += info.recursion_misses;
  }
  return counters;
}

}  // namespace wiretape
