/*
 * Makes the distribution's libbpf.a and libelf.a fit into a shared object. They are compiled for executables (PIE, not
 * PIC), and two of their references cannot be resolved inside one:
 *   - libelf keeps its last error in a thread-local variable with the executable's TLS model (elf_error.o). The three
 *     functions of that member stand here instead, so the linker never takes it.
 *   - libbpf reads the address of the C library's `stderr` directly. The linker flag --wrap=stderr turns that into
 *     `__wrap_stderr`, which is ours and filled before anything can use it.
 * Nothing else of the two libraries is replaced.
 */
#include <libelf.h>
#include <stdio.h>

static __thread int last_error;

void __libelf_seterrno(int value);
void __libelf_seterrno(int value)
{
	last_error = value;
}

int elf_errno(void)
{
	int error = last_error;

	last_error = 0;
	return error;
}

/* As in libelf: 0 asks for the last error if there is one, -1 for the last error whatever it is. */
const char *elf_errmsg(int error)
{
	static __thread char text[48];

	if (error == 0 && last_error == 0)
		return NULL;
	snprintf(text, sizeof(text), "libelf error %d", error > 0 ? error : last_error);
	return text;
}

extern FILE *__real_stderr;
FILE *__wrap_stderr;

__attribute__((constructor(101))) static void fill_stderr(void)
{
	__wrap_stderr = __real_stderr;
}
