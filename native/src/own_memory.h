// What this process has in memory: what it does not need of it (what malloc keeps of what was freed, and code that ran at the
// start only), and who may see it.
#pragma once

namespace wiretape {

// From now on large blocks are given back as soon as they are freed, and little of small ones is kept.
void keep_little_freed();

// What was freed leaves the process, and so does code: what is used of it comes back from its file, as it is used. Takes a
// millisecond or two, and the pages that come back as long again.
void give_back();

// From now on nothing of it is written down where the process crashes: neither in a file nor by a program that collects dumps.
// Whoever has other rights than root cannot look into it either. Programs that it starts are as they would be. False where the
// kernel refuses.
bool keep_out_of_dumps();

}  // namespace wiretape
