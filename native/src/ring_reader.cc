#include "ring_reader.h"

#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <cstring>

#include "../../bpf/config.h"
#include "../../bpf/wire.h"
#include "failure.h"

namespace wiretape {
namespace {

constexpr size_t kSlabBytes = 256 << 10;
constexpr size_t kSlabsKept = 16;            // what is used beyond them is given back once it has been caught up with
constexpr int kPriority = -10;
constexpr int kSettleMs = 5;                 // what is urgent waits at most so long for more, so that much of it cannot be dear either
constexpr size_t kRecordHeaderBytes = 8;
constexpr int kUrgentMs = 150;               // who has begun a process looks at it several times within that
constexpr int kLookMs = 200;                 // whoever goes behind others is looked at so often, though nothing comes
constexpr int kBusyMs = 5000;                // what is dear to map stays mapped for so long after more came than is gathered

size_t round_up8(size_t size) { return (size + 7) & ~static_cast<size_t>(7); }

// Of the clock that events are stamped with.
uint64_t now_ns() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

int64_t now_ms() { return static_cast<int64_t>(now_ns() / 1000000); }

void raise(std::atomic<uint64_t>& most, uint64_t value) {
  if (value > most) most = value;
}

// What asks for something to be done, such as placing probes, before more happens in the process.
bool is_urgent(uint8_t type) {
  return type == WIRE_FORK || type == WIRE_EXEC || type == WIRE_EXIT || type == WIRE_LISTEN || type == WIRE_TLS_SEEN;
}

uint8_t* mapped(size_t size) {
  void* bytes = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED) throw Failure{"allocate batches", errno, strerror(errno)};
  return static_cast<uint8_t*>(bytes);
}

}  // namespace

Memory::Memory(size_t wanted) : bytes(mapped(wanted)), size(wanted) {}

Memory::~Memory() { munmap(bytes, size); }

void Memory::forget(size_t offset, size_t length) { madvise(bytes + offset, length, MADV_DONTNEED); }

RingReader::RingReader(const Ring& ring, std::shared_ptr<Memory> memory, Sink sink)
    : ring_fd_(ring.fd),
      wake_bytes_(ring.wake_bytes),
      gather_ms_(ring.gather_ms),
      dear_map_ns_(ring.dear_map_ns),
      ring_(ring.fd, ring.bytes),
      asks_(ring.reader_fd, sizeof(config_reader), PROT_READ | PROT_WRITE, 0),
      memory_(std::move(memory)),
      sink_(std::move(sink)) {
  for (size_t end = memory_->size / kSlabBytes * kSlabBytes; end > 0; end -= kSlabBytes) free_slabs_.push_back(end - kSlabBytes);
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  edge_fd_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event ring_edge{EPOLLIN | EPOLLET, {.fd = ring_fd_}};
  epoll_event wake{EPOLLIN, {.fd = wake_fd_}};
  epoll_ctl(edge_fd_, EPOLL_CTL_ADD, ring_fd_, &ring_edge);
  epoll_ctl(edge_fd_, EPOLL_CTL_ADD, wake_fd_, &wake);
}

RingReader::~RingReader() {
  stop();
  close(edge_fd_);
  close(wake_fd_);
}

void RingReader::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "wiretape ring");
}

void RingReader::finish() {
  finish_at_ = ring_.end();
  finishing_ = true;
  consumer_.take_turns();
  wake();
}

void RingReader::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  wake();
  thread_.join();
  ring_.keep_none();
}

void RingReader::give_back(const Batch& batch) {
  std::lock_guard lock(slabs_);
  queued_ -= batch.size;
  out_since_ms_.pop_front();
  free_slabs_.push_back(batch.offset);
  if (free_slabs_.size() == 1) wake();
  if (--slabs_out_ == 0) forget_burst();
}

// It has been caught up with: what a burst took up beyond what is usual is given back.
void RingReader::forget_burst() {
  if (slabs_out_most_ > kSlabsKept) {
    std::sort(free_slabs_.begin(), free_slabs_.end(), std::greater<>());
    size_t kept = kSlabsKept * kSlabBytes;
    memory_->forget(kept, memory_->size - kept);
  }
  slabs_out_most_ = 0;
}

bool RingReader::has_room() {
  if (paused_ && !finishing_) return false;
  std::lock_guard lock(slabs_);
  return has_slab_ || !free_slabs_.empty();
}

bool RingReader::take_slab() {
  std::lock_guard lock(slabs_);
  if (has_slab_) return true;
  if (free_slabs_.empty()) return false;
  slab_ = free_slabs_.back();
  free_slabs_.pop_back();
  slabs_out_most_ = std::max(slabs_out_most_, ++slabs_out_);
  slab_used_ = 0;
  return has_slab_ = true;
}

void RingReader::pause(bool paused) {
  paused_ = paused;
  wake();
}

void RingReader::wake() {
  uint64_t one = 1;
  while (write(wake_fd_, &one, sizeof(one)) < 0 && errno == EINTR) continue;
}

// Nobody is woken while nothing happens: the kernel side wakes for the first event in an empty ring.
void RingReader::run() {
  // It does next to nothing, and whatever it comes too late for is lost. Where it may not go first, it goes with the others.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kPriority);
  urgent_until_ms_ = now_ms() + kUrgentMs;
  while (!stopping_ && !is_done()) {
    wait();
    gather();
    drain();
    drained_at_ms_ = now_ms();
  }
  consumer_.take_turns();
  sink_.ended();
}

// What comes after the end was asked for is nobody's any more.
bool RingReader::is_done() const { return finishing_ && ring_.begin() >= finish_at_; }

// With all slabs lent on the ring stays readable: wait for room alone, or this would spin.
void RingReader::wait() {
  pollfd waits[2] = {{wake_fd_, POLLIN, 0}, {ring_fd_, POLLIN, 0}};
  for (int left = ms_to_wait(); left == 0 || poll(waits, has_room() ? 2 : 1, left) == 0; left = ms_to_wait()) look_after();
  uint64_t times;
  if (read(wake_fd_, &times, sizeof(times)) < 0) return;  // the ring woke us
}

// Until something is to be done without an event; -1 where that is not so.
int RingReader::ms_to_wait() const {
  int calm = ms_until_calm();
  if (!consumer_.gives_way()) return calm;
  return calm < 0 ? kLookMs : std::min(calm, kLookMs);
}

void RingReader::look_after() {
  if (ms_until_calm() == 0) ring_.keep_one();
  if (consumer_.gives_way()) share_the_machine();
}

// -1 where nothing is to be let go of then.
int RingReader::ms_until_calm() const {
  if (!ring_.holds_more()) return -1;
  return static_cast<int>(std::max<int64_t>(0, busy_until_ms_ - now_ms()));
}

// Events come one by one, and each hand-over wakes Node.js: a batch is what comes within a while, unless it is urgent,
// or so much that waiting would only fill the ring.
void RingReader::gather() {
  int64_t until = now_ms() + gather_ms_;
  uint64_t looked = ring_.begin();
  while (!stopping_ && !finishing_ && has_room()) {
    // Before it is looked at: who passes the mark sees that it is asked to tell, or is seen.
    ask_for_wake(true);
    if (unread_bytes() >= wake_bytes_) break;
    if (finds_urgent(looked)) until = std::min(until, drained_at_ms_ + kSettleMs);
    int64_t left = until - now_ms();
    // Edges only: what lies in the ring by now has told of itself.
    epoll_event woken{};
    if (left <= 0 || epoll_wait(edge_fd_, &woken, 1, static_cast<int>(left)) == 0 || woken.data.fd == wake_fd_) break;
  }
  ask_for_wake(false);
}

void RingReader::ask_for_wake(bool asked) {
  __atomic_store_n(&reinterpret_cast<config_reader*>(asks_.bytes())->waits, asked ? 1u : 0u, __ATOMIC_SEQ_CST);
}

// Looks from there on, as far as events are whole; and goes on from where it came to the next time.
bool RingReader::finds_urgent(uint64_t& position) {
  uint64_t end = ring_.end();
  bool urgent = false;
  while (position < end) {
    uint32_t length = ring_.length_at(position);
    if (length & BPF_RINGBUF_BUSY_BIT) break;
    wire_header header;
    if (!ring_.copy_out(position + kRecordHeaderBytes, &header, sizeof(header))) break;
    urgent = urgent || (!(length & BPF_RINGBUF_DISCARD_BIT) && is_urgent(header.type));
    position += kRecordHeaderBytes + round_up8(length & ~BPF_RINGBUF_DISCARD_BIT);
  }
  return urgent;
}

void RingReader::note_take() {
  uint64_t unread = unread_bytes();
  if (unread == 0) return;
  takes_++;
  raise(most_unread_, unread);
  wire_header header;
  uint64_t first = ring_.begin();
  if (ring_.length_at(first) & (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)) return;
  if (!ring_.copy_out(first + kRecordHeaderBytes, &header, sizeof(header))) return;
  uint64_t now = now_ns();
  raise(longest_us_, now > header.at_ns ? (now - header.at_ns) / 1000 : 0);
}

void RingReader::drain() {
  note_take();
  uint64_t begin = ring_.begin();
  uint64_t position = begin;
  uint64_t end = ring_.end();
  while (position < end && !stopping_ && (!paused_ || finishing_)) {
    uint32_t length = ring_.length_at(position);
    if (length & BPF_RINGBUF_BUSY_BIT) break;  // reserved and not submitted yet
    uint32_t size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if (!(length & BPF_RINGBUF_DISCARD_BIT) && !append(position + kRecordHeaderBytes, size)) break;
    position += kRecordHeaderBytes + round_up8(size);
    ring_.release_to(position);
    if (position < end) continue;
    end = ring_.end();
    raise(most_unread_, end - position);
  }
  deliver();
  // Not how much was there at first: what is urgent is taken early, and more comes meanwhile.
  if (position - begin >= wake_bytes_) busy_until_ms_ = now_ms() + kBusyMs;
  if (ring_.map_ns() >= dear_map_ns_ && now_ms() < busy_until_ms_) ring_.map_ahead();
}

// A data event's slot is larger than its bytes: only the captured ones travel on. False where there is no room.
bool RingReader::append(uint64_t event, size_t size) {
  wire_header header;
  if (!ring_.copy_out(event, &header, sizeof(header))) return false;
  size_t used = header.type == WIRE_DATA || header.type == WIRE_ANSWER ? sizeof(header) + header.captured : size;
  if (used > size) used = size;
  size_t room = round_up8(used);
  if (has_slab_ && slab_used_ + room > kSlabBytes) deliver();
  if (!take_slab()) return false;
  uint8_t* place = memory_->bytes + slab_ + slab_used_;
  if (!ring_.copy_out(event, place, used)) return false;
  std::memset(place + used, 0, room - used);
  if (is_urgent(header.type)) urgent_until_ms_ = now_ms() + kUrgentMs;
  slab_used_ += room;
  return true;
}

void RingReader::deliver() {
  Batch batch{slab_, slab_used_};
  {
    std::lock_guard lock(slabs_);
    if (!has_slab_ || slab_used_ == 0) return;
    has_slab_ = false;
    slab_used_ = 0;
    out_since_ms_.push_back(now_ms());
    queued_ += batch.size;
  }
  share_the_machine();
  sink_.batch(batch);
}

// Whoever works on the batches goes behind others while that costs nothing but time: not where something has to be done at
// once. Without work it is as it was, for whatever else it may be asked to do.
void RingReader::share_the_machine() {
  int64_t now = now_ms();
  if (finishing_ || now < urgent_until_ms_) return consumer_.take_turns();
  std::lock_guard lock(slabs_);
  if (out_since_ms_.empty()) return consumer_.take_turns();
  consumer_.give_way({queued_ + unread_bytes(), now - out_since_ms_.front()});
}

}  // namespace wiretape
