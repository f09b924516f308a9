// The C++ side's view of bpf/wire.h, for the test that compares it with TypeScript's.
#pragma once

#include <cstddef>
#include <vector>

namespace wiretape {

struct FieldLayout {
  const char* name;
  size_t offset, size;
};

std::vector<FieldLayout> wire_layout();

}  // namespace wiretape
