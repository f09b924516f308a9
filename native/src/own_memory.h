// What this process has in memory and does not need: what malloc keeps of what was freed, and code that ran at the start only.
#pragma once

namespace wiretape {

// From now on large blocks are given back as soon as they are freed, and little of small ones is kept.
void keep_little_freed();

// What was freed leaves the process, and so does code: what is used of it comes back from its file, as it is used. Takes a
// millisecond or two, and the pages that come back as long again.
void give_back();

}  // namespace wiretape
