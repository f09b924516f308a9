/*
 * Time as programs ask for it: through code the kernel maps into each of them (the vDSO), without a call. Its table of symbols
 * is led to wrappers that are written into the unused end of its last page, which call what was there and add the shift. C
 * libraries and Go find the functions by that table. The pages are a program's own once written to, and inherited by fork.
 */
#include "clock.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

__asm__(
	".pushsection .rodata\n"
	".intel_syntax noprefix\n"
	".balign 16\n"
	"wrappers:\n"
	"its_shift:   .quad 0\n"
	"its_gettime: .quad 0\n" /* where the original is, from the wrappers; likewise the other two */
	"its_today:   .quad 0\n"
	"its_time:    .quad 0\n"
	".balign 16\n"
	"wrapped_gettime:\n"
	"  push rdi\n  push rsi\n  sub rsp, 8\n"
	"  lea rax, [rip + wrappers]\n  add rax, [rip + its_gettime]\n  call rax\n"
	"  add rsp, 8\n  pop rsi\n  pop rdi\n"
	"  test eax, eax\n  jnz 1f\n"
	"  cmp edi, 11\n  ja 1f\n"
	"  mov ecx, 0x921\n  bt ecx, edi\n  jnc 1f\n" /* WALL_CLOCKS */
	"  mov rcx, [rip + its_shift]\n  add [rsi], rcx\n"
	"1: ret\n"
	".balign 16\n"
	"wrapped_today:\n"
	"  push rdi\n"
	"  lea rax, [rip + wrappers]\n  add rax, [rip + its_today]\n  call rax\n"
	"  pop rdi\n"
	"  test eax, eax\n  jnz 1f\n"
	"  test rdi, rdi\n  jz 1f\n" /* it may have been asked for the zone alone */
	"  mov rcx, [rip + its_shift]\n  add [rdi], rcx\n"
	"1: ret\n"
	".balign 16\n"
	"wrapped_time:\n"
	"  push rdi\n  xor edi, edi\n"
	"  lea rax, [rip + wrappers]\n  add rax, [rip + its_time]\n  call rax\n"
	"  pop rdi\n"
	"  add rax, [rip + its_shift]\n"
	"  test rdi, rdi\n  jz 1f\n"
	"  mov [rdi], rax\n"
	"1: ret\n"
	".balign 8\n"
	"wrappers_end:\n"
	".att_syntax\n"
	".popsection\n");
_Static_assert(WALL_CLOCKS == 0x921, "as the wrapper has it");

extern const char wrappers[], wrappers_end[], wrapped_gettime[], wrapped_today[], wrapped_time[];

struct function {
	const char *name;
	size_t original_at; /* in the wrappers */
	const char *wrapper;
};

static const struct function functions[] = {
	{"clock_gettime", 8, wrapped_gettime},
	{"gettimeofday", 16, wrapped_today},
	{"time", 24, wrapped_time},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, MOST_SYMBOLS = 8 };
#ifndef LONGEST_BLOB
#define LONGEST_BLOB 512 /* a test makes it too small, and so a kernel whose vDSO has no room */
#endif

/* What is written into each vDSO; worked out once, for it is the same in all 64-bit programs of a kernel. */
static struct {
	size_t length; /* 0 where there is none */
	char head[sizeof(Elf64_Ehdr)];
	bool is_known;
	size_t blob_at, blob_length;
	union {
		char bytes[LONGEST_BLOB];
		uint64_t words[LONGEST_BLOB / 8];
	} blob;
	struct {
		size_t at; /* of the value of a symbol */
		uint64_t value;
	} symbols[MOST_SYMBOLS];
	size_t symbol_count;
} vdso;

static size_t own_length(uint64_t base)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned long from = 0, to = 0;
	size_t length = 0;
	while (maps != NULL && length == 0 && fgets(line, sizeof line, maps) != NULL)
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from == base)
			length = to - from;
	if (maps != NULL)
		fclose(maps);
	return length;
}

static bool is_named(const char *symbol, const char *name)
{
	return strcmp(strncmp(symbol, "__vdso_", 7) == 0 ? symbol + 7 : symbol, name) == 0;
}

/* False where it stands for code beyond what the kernel put there: somebody led it elsewhere before us. */
static bool lead(size_t at, const Elf64_Sym *symbol, const char *name)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		if (!is_named(name, functions[i].name))
			continue;
		if (symbol->st_value >= vdso.blob_at || vdso.symbol_count == MOST_SYMBOLS)
			return false;
		uint64_t original = symbol->st_value - vdso.blob_at;
		memcpy(vdso.blob.bytes + functions[i].original_at, &original, sizeof original);
		vdso.symbols[vdso.symbol_count].at = at + offsetof(Elf64_Sym, st_value);
		vdso.symbols[vdso.symbol_count++].value = vdso.blob_at + (size_t)(functions[i].wrapper - wrappers);
	}
	return true;
}

static bool is_unused(const char *from, const char *to)
{
	while (from < to)
		if (*from++ != 0)
			return false;
	return true;
}

bool learn_vdso(int64_t shift)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	if (base == NULL)
		return true; /* then all programs ask by calls */
	vdso.length = own_length((uint64_t)base);
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)base;
	memcpy(vdso.head, elf, sizeof vdso.head);
	size_t sections_end = elf->e_shoff + (size_t)elf->e_shnum * sizeof(Elf64_Shdr);
	vdso.blob_at = (sections_end + 15) & ~(size_t)15;
	vdso.blob_length = (size_t)(wrappers_end - wrappers);
	if (elf->e_shentsize != sizeof(Elf64_Shdr) || vdso.blob_length > LONGEST_BLOB ||
	    vdso.blob_at + vdso.blob_length > vdso.length || !is_unused(base + sections_end, base + vdso.length))
		return false;
	memcpy(vdso.blob.bytes, wrappers, vdso.blob_length);
	memcpy(vdso.blob.bytes, &shift, sizeof shift);
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(base + elf->e_shoff);
	for (size_t i = 0; i < elf->e_shnum; i++) {
		if (sections[i].sh_type != SHT_DYNSYM)
			continue;
		const char *names = base + sections[sections[i].sh_link].sh_offset;
		for (size_t at = sections[i].sh_offset; at < sections[i].sh_offset + sections[i].sh_size; at += sizeof(Elf64_Sym)) {
			const Elf64_Sym *symbol = (const Elf64_Sym *)(base + at);
			if (!lead(at, symbol, names + symbol->st_name))
				return false;
		}
	}
	vdso.is_known = true;
	return true;
}

/* Where it lies in a process; 0 where it has none. -1 where the process is no 64-bit one, or cannot be looked into. */
static uint64_t base_in(pid_t pid)
{
	char path[64];
	uint64_t pairs[128][2];
	snprintf(path, sizeof path, "/proc/%d/auxv", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, pairs, sizeof pairs);
	if (fd >= 0)
		close(fd);
	uint64_t base = 0;
	bool is_wide = false;
	for (size_t i = 0; got > 0 && i < (size_t)got / sizeof *pairs; i++) {
		if (pairs[i][0] == AT_SYSINFO_EHDR)
			base = pairs[i][1];
		if (pairs[i][0] == AT_PAGESZ) /* two numbers of 32 bits would make another one */
			is_wide = true;
	}
	return is_wide ? base : (uint64_t)-1;
}

bool is_in_vdso(pid_t pid, uint64_t instruction)
{
	if (!vdso.is_known)
		return false;
	uint64_t base = base_in(pid);
	return base != 0 && base != (uint64_t)-1 && instruction >= base && instruction - base < vdso.length;
}

static bool read_from(pid_t pid, uint64_t at, void *into, size_t length)
{
	struct iovec ours = {into, length}, theirs = {(void *)at, length};
	return process_vm_readv(pid, &ours, 1, &theirs, 1, 0) == (ssize_t)length;
}

static bool put(pid_t pid, uint64_t at, uint64_t word)
{
	return ptrace(PTRACE_POKEDATA, pid, at, word) == 0;
}

/* A program that finds no vDSO asks by calls. As it starts, its stack holds arguments, environment, and then pairs of numbers. */
static const char *hide_vdso(pid_t pid)
{
	struct user_regs_struct registers;
	if (ptrace(PTRACE_GETREGS, pid, 0, &registers) < 0)
		return "ptrace";
	uint64_t at = registers.rsp + 8, word = 0;
	for (int ends = 0; ends < 2; at += 8) {
		if (!read_from(pid, at, &word, sizeof word))
			return "stack";
		ends += word == 0;
	}
	for (;; at += 16) {
		if (!read_from(pid, at, &word, sizeof word))
			return "stack";
		if (word == AT_NULL)
			return NULL;
		if (word == AT_SYSINFO_EHDR)
			return put(pid, at, AT_IGNORE) ? NULL : "stack";
	}
}

const char *move_vdso(pid_t pid)
{
	uint64_t base = base_in(pid);
	errno = ENOEXEC;
	if (base == (uint64_t)-1)
		return "32-bit program";
	if (base == 0)
		return NULL;
	if (!vdso.is_known)
		return hide_vdso(pid);
	char head[sizeof vdso.head];
	if (!read_from(pid, base, head, sizeof head) || memcmp(head, vdso.head, sizeof head) != 0)
		return "vDSO";
	for (size_t i = 0; i < vdso.blob_length / 8; i++)
		if (!put(pid, base + vdso.blob_at + i * 8, vdso.blob.words[i]))
			return "vDSO";
	for (size_t i = 0; i < vdso.symbol_count; i++)
		if (!put(pid, base + vdso.symbols[i].at, vdso.symbols[i].value))
			return "vDSO";
	return NULL;
}
