/* A class file with calls put into some of its methods. Knows the format (JVM Specification, chapter 4), and no class. */
#ifndef WIRETAPE_REWRITE_H
#define WIRETAPE_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

enum place {
	/* a method is called, in the one place where it is */
	BEFORE_CALL,
	AFTER_CALL,
};

/* What is put on the stack for the call that is put in. */
enum operand {
	NO_OPERAND,
	RESULT, /* of the call that has returned: a reference */
	LOCAL_0,
	LOCAL_1,
	LOCAL_2,
	LOCAL_3,
	LOCAL_4,
	NUMBER_ON_TOP, /* the local variable that was put on the stack last: an int */
};

#define OPERANDS_MOST 5

/* A static method of the helper class to be called, and where. */
struct insertion {
	const char *method; /* that it is put into */
	const char *descriptor;
	enum place place;
	const char *callee;
	const char *callee_descriptor;
	enum operand operands[OPERANDS_MOST];
	bool array_on_top; /* what lies on the stack below NUMBER_ON_TOP has to be locals 1 and 2 */
	const char *helper;
	const char *helper_descriptor;
};

struct rewriting {
	const char *helper_class;
	const struct insertion *insertions;
	int count;
};

struct memory {
	void *(*take)(void *context, uint64_t bytes); /* NULL: there is none */
	void (*give)(void *context, void *memory);
	void *context;
};

struct class_file {
	uint8_t *bytes;
	uint32_t size;
};

/*
 * True with a new class file, which the caller owns, where every insertion found its place; false, with nothing to give back,
 * where one did not, where the file is damaged, or where memory is short.
 */
bool rewrite_class(const uint8_t *bytes, uint32_t size, const struct rewriting *wanted, const struct memory *memory,
		   struct class_file *result);

#endif
