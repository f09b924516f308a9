// The kernel's ring as it is mapped: its two positions, and the records between them. What is mapped counts as memory of the
// process: so a part of it, and all of it while much comes only where mapping is dear, as under emulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wiretape {

// Pages of a map, until the end of their owner.
class Mapping {
 public:
  Mapping() = default;
  // Throws Failure.
  Mapping(int fd, size_t size, int protection, size_t offset);
  ~Mapping();
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  explicit operator bool() const { return bytes_ != nullptr; }
  uint8_t* bytes() const { return bytes_; }

 private:
  uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
};

// Positions count all bytes since the ring was made.
class MappedRing {
 public:
  // `bytes` of its data, a power of two. Throws Failure.
  MappedRing(int fd, size_t bytes);

  uint64_t begin() const;
  uint64_t end() const;
  uint64_t unread() const { return end() - begin(); }
  // What lies before `position` is the kernel's again.
  void release_to(uint64_t position);

  // Of the record that begins there; as one that is not there yet where it cannot be mapped now.
  uint32_t length_at(uint64_t position);
  // False where it cannot be mapped now.
  bool copy_out(uint64_t position, void* to, size_t size);

  // CPU time that mapping a part took at the most.
  uint64_t map_ns() const { return map_ns_; }
  // Whether more of it is mapped than what was read last.
  bool holds_more() const { return windows_mapped_ > 1; }
  // From now on what was mapped stays so, and a further part is, where there is one.
  void map_ahead();
  // Keeps no more than what was read last, now and from now on.
  void keep_one();
  // Nothing is read any more.
  void keep_none();

 private:
  const uint8_t* place_of(uint64_t position, size_t& left);
  bool map_window(size_t number);
  void let_go_of_all_but(size_t number);

  int fd_;
  size_t bytes_;
  size_t window_bytes_;
  Mapping consumer_;
  Mapping producer_;
  std::vector<Mapping> windows_;  // by their place
  size_t windows_mapped_ = 0;
  size_t last_ = 0;  // the window that was read last
  bool keeps_all_ = false;
  uint64_t map_ns_ = 0;
};

}  // namespace wiretape
