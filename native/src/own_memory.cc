#include "own_memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace wiretape {
namespace {

// Left alone, glibc raises them up to 32 and 64 MiB as large blocks are freed, and keeps as much.
constexpr int kMappedFromBytes = 1 << 20;
constexpr int kKeptAtTheEndBytes = 8 << 20;

// Only what is never written: a segment that is holds relocations, which are in no file.
int let_go_of_code(dl_phdr_info* object, size_t, void*) {
  uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    uintptr_t start = (object->dlpi_addr + segment.p_vaddr + page - 1) / page * page;
    uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) / page * page;
    if (start < end) madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void keep_little_freed() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, kMappedFromBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptAtTheEndBytes);
#endif
}

void give_back() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  dl_iterate_phdr(let_go_of_code, nullptr);
}

bool keep_out_of_dumps() { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0; }

}  // namespace wiretape
