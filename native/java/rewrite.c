#include "rewrite.h"

#include <stddef.h>

/* Constant pool tags */
enum { UTF8 = 1, LONG = 5, DOUBLE = 6, CLASS = 7, METHOD_REF = 10, INTERFACE_METHOD_REF = 11, NAME_AND_TYPE = 12 };

enum {
	ALOAD_0 = 0x2a,
	ALOAD_1 = 0x2b,
	ALOAD = 0x19,
	ILOAD = 0x15,
	ILOAD_0 = 0x1a,
	ILOAD_2 = 0x1c,
	ILOAD_3 = 0x1d,
	DUP = 0x59,
	IFEQ = 0x99,
	JSR = 0xa8,
	TABLESWITCH = 0xaa,
	LOOKUPSWITCH = 0xab,
	INVOKEVIRTUAL = 0xb6,
	INVOKESPECIAL = 0xb7,
	INVOKESTATIC = 0xb8,
	WIDE = 0xc4,
	IINC = 0x84,
	IFNULL = 0xc6,
	IFNONNULL = 0xc7,
	GOTO_W = 0xc8,
	JSR_W = 0xc9,
};

/* Bytes of each instruction; 0: its length differs, or there is none. */
static const uint8_t lengths[256] = {
	[0x00 ... 0x0f] = 1, [0x10] = 2, [0x11] = 3, [0x12] = 2, [0x13 ... 0x14] = 3, [0x15 ... 0x19] = 2,
	[0x1a ... 0x35] = 1, [0x36 ... 0x3a] = 2, [0x3b ... 0x83] = 1, [0x84] = 3, [0x85 ... 0x98] = 1,
	[0x99 ... 0xa8] = 3, [0xa9] = 2, [0xac ... 0xb1] = 1, [0xb2 ... 0xb8] = 3, [0xb9 ... 0xba] = 5,
	[0xbb] = 3, [0xbc] = 2, [0xbd] = 3, [0xbe ... 0xbf] = 1, [0xc0 ... 0xc1] = 3, [0xc2 ... 0xc3] = 1,
	[0xc5] = 4, [0xc6 ... 0xc7] = 3, [0xc8 ... 0xc9] = 5,
};

#define CODE_MOST 65535
#define SNIPPET_MOST 16
#define SNIPPETS_MOST 8
#define STACK_ADDED 6
#define CONSTANTS_EACH 4

struct reader {
	const uint8_t *bytes;
	uint32_t size;
	uint32_t at;
	bool failed;
};

struct writer {
	uint8_t *bytes;
	uint32_t size;
	uint32_t at;
	bool failed;
};

struct file {
	const uint8_t *bytes;
	uint32_t size;
	const struct rewriting *wanted;
	uint32_t *constants; /* where each stands, behind its tag */
	uint32_t constant_count;
	uint32_t found; /* insertions that have their place, one bit each */
};

struct snippet {
	uint32_t before; /* the instruction at this place of the old code */
	uint32_t size;
	uint8_t bytes[SNIPPET_MOST];
};

struct method {
	const uint8_t *code;
	uint32_t size;
	struct snippet snippets[SNIPPETS_MOST];
	int count;
	uint16_t *starts;   /* old place -> new place, where what was put in there begins */
	uint16_t *instructions; /* old place -> new place of the instruction itself */
	uint32_t new_size;
};

static bool has(struct reader *r, uint32_t bytes)
{
	if (r->failed || bytes > r->size - r->at)
		r->failed = true;
	return !r->failed;
}

static uint32_t take(struct reader *r, int bytes)
{
	uint32_t value = 0;
	if (!has(r, (uint32_t)bytes))
		return 0;
	for (int i = 0; i < bytes; i++)
		value = value << 8 | r->bytes[r->at++];
	return value;
}

static void put(struct writer *w, uint32_t value, int bytes)
{
	if (w->failed || (uint32_t)bytes > w->size - w->at) {
		w->failed = true;
		return;
	}
	for (int i = bytes - 1; i >= 0; i--)
		w->bytes[w->at++] = (uint8_t)(value >> (8 * i));
}

static void put_all(struct writer *w, const uint8_t *bytes, uint32_t size)
{
	if (w->failed || size > w->size - w->at) {
		w->failed = true;
		return;
	}
	for (uint32_t i = 0; i < size; i++)
		w->bytes[w->at++] = bytes[i];
}

static void put_over(struct writer *w, uint32_t at, uint32_t value, int bytes)
{
	struct writer over = { w->bytes, w->size, at, w->failed };
	put(&over, value, bytes);
}

static void copy(struct writer *w, struct reader *r, uint32_t size)
{
	if (!has(r, size))
		return;
	put_all(w, r->bytes + r->at, size);
	r->at += size;
}

static uint32_t copy_number(struct writer *w, struct reader *r, int bytes)
{
	uint32_t value = take(r, bytes);
	put(w, value, bytes);
	return value;
}

static uint32_t length_of(const char *text)
{
	uint32_t length = 0;
	while (text[length])
		length++;
	return length;
}

static uint32_t number_at(const uint8_t *bytes, int count)
{
	uint32_t value = 0;
	for (int i = 0; i < count; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* Where a constant of this tag stands, behind the tag; 0 where it is none. */
static uint32_t constant(const struct file *f, uint32_t index, int tag)
{
	if (index == 0 || index >= f->constant_count || f->constants[index] == 0)
		return 0;
	return f->bytes[f->constants[index] - 1] == tag ? f->constants[index] : 0;
}

static bool is_text(const struct file *f, uint32_t index, const char *text)
{
	uint32_t at = constant(f, index, UTF8);
	uint32_t length = length_of(text);
	if (at == 0 || number_at(f->bytes + at, 2) != length)
		return false;
	for (uint32_t i = 0; i < length; i++)
		if (f->bytes[at + 2 + i] != (uint8_t)text[i])
			return false;
	return true;
}

static bool is_method(const struct file *f, uint32_t index, const char *name, const char *descriptor)
{
	uint32_t at = constant(f, index, METHOD_REF);
	uint32_t named = at == 0 ? 0 : constant(f, number_at(f->bytes + at + 2, 2), NAME_AND_TYPE);
	return named != 0 && is_text(f, number_at(f->bytes + named, 2), name) &&
	       is_text(f, number_at(f->bytes + named + 2, 2), descriptor);
}

static bool read_constants(struct file *f, struct reader *r)
{
	static const uint8_t sizes[21] = { 0, 0, 0, 4, 4, 8, 8, 2, 2, 4, 4, 4, 4, 0, 0, 3, 2, 4, 4, 2, 2 };
	for (uint32_t i = 1; i < f->constant_count && !r->failed; i++) {
		uint32_t tag = take(r, 1);
		if (tag > 20 || (tag != UTF8 && sizes[tag] == 0))
			return false;
		f->constants[i] = r->at;
		uint32_t size = tag == UTF8 ? take(r, 2) : sizes[tag];
		if (!has(r, size))
			return false;
		r->at += size;
		/* These take the next number as well (4.4.5). */
		if ((tag == LONG || tag == DOUBLE) && i + 1 < f->constant_count)
			f->constants[++i] = 0;
	}
	return !r->failed;
}

static void put_text(struct writer *w, const char *text)
{
	put(w, UTF8, 1);
	put(w, length_of(text), 2);
	put_all(w, (const uint8_t *)text, length_of(text));
}

/* The helper's class, and four constants a method of it. */
static void put_constants(struct writer *w, const struct file *f)
{
	uint32_t next = f->constant_count;
	put_text(w, f->wanted->helper_class);
	put(w, CLASS, 1);
	put(w, next, 2);
	uint32_t helper = next + 1;
	next += 2;
	for (int i = 0; i < f->wanted->count; i++, next += CONSTANTS_EACH) {
		put_text(w, f->wanted->insertions[i].helper);
		put_text(w, f->wanted->insertions[i].helper_descriptor);
		put(w, NAME_AND_TYPE, 1);
		put(w, next, 2);
		put(w, next + 1, 2);
		put(w, METHOD_REF, 1);
		put(w, helper, 2);
		put(w, next + 2, 2);
	}
}

static uint32_t helper_method(const struct file *f, int insertion)
{
	return f->constant_count + 2 + (uint32_t)insertion * CONSTANTS_EACH + 3;
}

/* Bytes of the switch at this place of the code, behind its padding; 0 where it is damaged. */
static uint32_t switch_body(const uint8_t *code, uint32_t size, uint32_t at)
{
	uint32_t body = (at + 4) & ~3u;
	if (body + 12 > size)
		return 0;
	uint32_t low = number_at(code + body + 4, 4);
	if (code[at] == LOOKUPSWITCH)
		return low > CODE_MOST ? 0 : 8 + 8 * low;
	uint32_t entries = number_at(code + body + 8, 4) - low + 1;
	return entries > CODE_MOST ? 0 : 12 + 4 * entries;
}

/* Bytes of the instruction at this place; 0 where there is none. */
static uint32_t instruction_length(const uint8_t *code, uint32_t size, uint32_t at)
{
	uint32_t length = lengths[code[at]];
	if (code[at] == WIDE)
		length = at + 1 < size && code[at + 1] == IINC ? 6 : 4;
	if (code[at] == TABLESWITCH || code[at] == LOOKUPSWITCH) {
		uint32_t body = switch_body(code, size, at);
		length = body == 0 ? 0 : ((at + 4) & ~3u) - at + body;
	}
	return length > size - at ? 0 : length;
}

static bool calls(const struct file *f, const struct method *m, uint32_t at, const struct insertion *one)
{
	uint8_t opcode = m->code[at];
	return (opcode == INVOKEVIRTUAL || opcode == INVOKESPECIAL || opcode == INVOKESTATIC) &&
	       is_method(f, number_at(m->code + at + 1, 2), one->callee, one->callee_descriptor);
}

/* Puts a local int on the stack. */
static bool loads_number(const struct method *m, uint32_t at)
{
	uint8_t opcode = m->code[at];
	return opcode == ILOAD || (opcode >= ILOAD_0 && opcode <= ILOAD_3);
}

/* The instructions in hand: this one, and the three before it. */
struct window {
	uint32_t at;
	uint32_t before[3];
	int known;
};

static bool fits(const struct file *f, const struct method *m, const struct window *w, const struct insertion *one)
{
	if (one->place == AFTER_CALL)
		return w->known > 0 && calls(f, m, w->before[0], one);
	if (!calls(f, m, w->at, one))
		return false;
	return !one->array_on_top || (w->known == 3 && loads_number(m, w->before[0]) &&
				      m->code[w->before[1]] == ILOAD_2 && m->code[w->before[2]] == ALOAD_1);
}

static void put_operand(struct writer *w, const struct method *m, const struct window *window, enum operand operand)
{
	/* Locals 2 and 3 are numbers in every method here. */
	static const uint8_t simple[] = { 0, DUP, ALOAD_0, ALOAD_1, ILOAD_2, ILOAD_3 };
	if (operand == NO_OPERAND)
		return;
	if (operand == LOCAL_4) {
		put(w, ALOAD, 1);
		put(w, 4, 1);
	} else if (operand == NUMBER_ON_TOP) {
		put_all(w, m->code + window->before[0], window->at - window->before[0]);
	} else {
		put(w, simple[operand], 1);
	}
}

static bool add_snippet(struct file *f, struct method *m, const struct window *window, int number)
{
	const struct insertion *one = &f->wanted->insertions[number];
	/* A call that is in two places is not the one that was meant. */
	if (m->count == SNIPPETS_MOST || f->found & 1u << number)
		return false;
	struct snippet *snippet = &m->snippets[m->count++];
	struct writer w = { snippet->bytes, SNIPPET_MOST, 0, false };
	for (int i = 0; i < OPERANDS_MOST; i++)
		put_operand(&w, m, window, one->operands[i]);
	put(&w, INVOKESTATIC, 1);
	put(&w, helper_method(f, number), 2);
	snippet->before = window->at;
	snippet->size = w.at;
	f->found |= 1u << number;
	return !w.failed;
}

/* `which`: the insertions that are meant for this method, one bit each. */
static bool plan_method(struct file *f, struct method *m, uint32_t which)
{
	struct window window = {};
	uint32_t length = 0;
	for (uint32_t at = 0; at < m->size; at += length) {
		length = instruction_length(m->code, m->size, at);
		if (length == 0)
			return false;
		window.at = at;
		for (int i = 0; i < f->wanted->count; i++)
			if (which & 1u << i && fits(f, m, &window, &f->wanted->insertions[i]) &&
			    !add_snippet(f, m, &window, i))
				return false;
		window.before[2] = window.before[1];
		window.before[1] = window.before[0];
		window.before[0] = at;
		if (window.known < 3)
			window.known++;
	}
	return true;
}

/* Where everything comes to stand. Places within instructions have none. */
static bool lay_out(struct method *m)
{
	uint32_t now = 0;
	uint32_t length = 0;
	for (uint32_t at = 0; at < m->size; at += length) {
		m->starts[at] = (uint16_t)now;
		for (int i = 0; i < m->count; i++)
			if (m->snippets[i].before == at)
				now += m->snippets[i].size;
		m->instructions[at] = (uint16_t)now;
		length = instruction_length(m->code, m->size, at);
		bool is_switch = m->code[at] == TABLESWITCH || m->code[at] == LOOKUPSWITCH;
		now += is_switch ? ((now + 4) & ~3u) - now + switch_body(m->code, m->size, at) : length;
		if (now > CODE_MOST)
			return false;
	}
	m->starts[m->size] = (uint16_t)now;
	m->instructions[m->size] = (uint16_t)now;
	m->new_size = now;
	return true;
}

static void put_jump(struct writer *w, const struct method *m, uint32_t from, uint32_t distance, int bytes)
{
	uint32_t to = from + distance;
	if (to >= m->size) {
		w->failed = true;
		return;
	}
	int32_t moved = (int32_t)m->starts[to] - (int32_t)m->instructions[from];
	if (bytes == 2 && moved != (int16_t)moved)
		w->failed = true;
	put(w, (uint32_t)moved, bytes);
}

static void put_switch(struct writer *w, const struct method *m, uint32_t at)
{
	uint32_t body = (at + 4) & ~3u;
	uint32_t end = body + switch_body(m->code, m->size, at);
	uint32_t new_at = m->instructions[at];
	put(w, m->code[at], 1);
	for (uint32_t pad = new_at + 1; pad & 3; pad++)
		put(w, 0, 1);
	put_jump(w, m, at, number_at(m->code + body, 4), 4);
	bool pairs = m->code[at] == LOOKUPSWITCH;
	uint32_t first = pairs ? body + 8 : body + 12;
	put_all(w, m->code + body + 4, first - body - 4);
	for (uint32_t entry = first; entry < end; entry += 4) {
		if (pairs) {
			put_all(w, m->code + entry, 4);
			entry += 4;
		}
		put_jump(w, m, at, number_at(m->code + entry, 4), 4);
	}
}

static bool is_short_jump(uint8_t opcode)
{
	return (opcode >= IFEQ && opcode <= JSR) || opcode == IFNULL || opcode == IFNONNULL;
}

static void put_instruction(struct writer *w, const struct method *m, uint32_t at, uint32_t length)
{
	uint8_t opcode = m->code[at];
	if (opcode == TABLESWITCH || opcode == LOOKUPSWITCH) {
		put_switch(w, m, at);
	} else if (is_short_jump(opcode)) {
		put(w, opcode, 1);
		put_jump(w, m, at, (uint32_t)(int32_t)(int16_t)number_at(m->code + at + 1, 2), 2);
	} else if (opcode == GOTO_W || opcode == JSR_W) {
		put(w, opcode, 1);
		put_jump(w, m, at, number_at(m->code + at + 1, 4), 4);
	} else {
		put_all(w, m->code + at, length);
	}
}

static void put_code(struct writer *w, const struct method *m)
{
	uint32_t length = 0;
	for (uint32_t at = 0; at < m->size; at += length) {
		for (int i = 0; i < m->count; i++)
			if (m->snippets[i].before == at)
				put_all(w, m->snippets[i].bytes, m->snippets[i].size);
		length = instruction_length(m->code, m->size, at);
		put_instruction(w, m, at, length);
	}
}

static uint32_t moved(struct writer *w, const struct method *m, const uint16_t *places, uint32_t at)
{
	if (at > m->size) {
		w->failed = true;
		return 0;
	}
	return places[at];
}

static void put_handlers(struct writer *w, struct reader *r, const struct method *m)
{
	uint32_t count = copy_number(w, r, 2);
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		for (int part = 0; part < 3; part++)
			put(w, moved(w, m, m->starts, take(r, 2)), 2);
		copy_number(w, r, 2);
	}
}

static void put_lines(struct writer *w, struct reader *r, const struct method *m)
{
	uint32_t count = copy_number(w, r, 2);
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		put(w, moved(w, m, m->starts, take(r, 2)), 2);
		copy_number(w, r, 2);
	}
}

#define OBJECT_TYPE 7
#define UNINITIALIZED_TYPE 8

static void put_types(struct writer *w, struct reader *r, const struct method *m, uint32_t count)
{
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		uint32_t type = copy_number(w, r, 1);
		if (type == OBJECT_TYPE)
			copy_number(w, r, 2);
		else if (type == UNINITIALIZED_TYPE) /* made by the instruction at this place */
			put(w, moved(w, m, m->instructions, take(r, 2)), 2);
	}
}

/* Frames (4.7.4), those that hold their distance in their tag written out. */
static void put_frames(struct writer *w, struct reader *r, const struct method *m)
{
	enum { SAME_LAST = 63, ONE_ITEM_LAST = 127, ONE_ITEM_FAR = 247, SAME_FAR = 251, FULL = 255 };
	uint32_t count = copy_number(w, r, 2);
	uint32_t old_place = 0;
	uint32_t new_place = 0;
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		uint32_t tag = take(r, 1);
		uint32_t near = tag <= SAME_LAST ? tag : tag - SAME_LAST - 1;
		uint32_t distance = tag <= ONE_ITEM_LAST ? near : take(r, 2);
		if (tag > ONE_ITEM_LAST && tag < ONE_ITEM_FAR)
			r->failed = true;
		old_place = i == 0 ? distance : old_place + distance + 1;
		uint32_t place = moved(w, m, m->starts, old_place);
		put(w, tag <= SAME_LAST ? SAME_FAR : tag <= ONE_ITEM_LAST ? ONE_ITEM_FAR : tag, 1);
		put(w, i == 0 ? place : place - new_place - 1, 2);
		new_place = place;
		if (tag == FULL) {
			put_types(w, r, m, copy_number(w, r, 2));
			put_types(w, r, m, copy_number(w, r, 2));
		} else if (tag > SAME_FAR) {
			put_types(w, r, m, tag - SAME_FAR);
		} else if (tag == ONE_ITEM_FAR || (tag > SAME_LAST && tag <= ONE_ITEM_LAST)) {
			put_types(w, r, m, 1);
		}
	}
}

/* Of what belongs to code, what debuggers alone ask for is left out: names of local variables. */
static void put_code_attributes(const struct file *f, struct writer *w, struct reader *r, const struct method *m)
{
	uint32_t count = take(r, 2);
	uint32_t count_at = w->at;
	uint32_t kept = 0;
	put(w, 0, 2);
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		uint32_t name = take(r, 2);
		uint32_t size = take(r, 4);
		if (!has(r, size))
			return;
		struct reader inner = { r->bytes, r->at + size, r->at, false };
		r->at += size;
		bool frames = is_text(f, name, "StackMapTable");
		if (!frames && !is_text(f, name, "LineNumberTable"))
			continue;
		put(w, name, 2);
		uint32_t size_at = w->at;
		put(w, 0, 4);
		if (frames)
			put_frames(w, &inner, m);
		else
			put_lines(w, &inner, m);
		put_over(w, size_at, w->at - size_at - 4, 4);
		r->failed = r->failed || inner.failed;
		kept++;
	}
	put_over(w, count_at, kept, 2);
}

/* What stands in a Code attribute, `r` at its beginning. */
static bool rewrite_code(struct file *f, struct writer *w, struct reader *r, uint32_t which, const struct memory *memory)
{
	struct method m = {};
	put(w, take(r, 2) + STACK_ADDED, 2);
	copy_number(w, r, 2);
	m.size = take(r, 4);
	if (m.size > CODE_MOST || !has(r, m.size))
		return false;
	m.code = r->bytes + r->at;
	r->at += m.size;
	if (!plan_method(f, &m, which))
		return false;
	m.starts = memory->take(memory->context, 2 * sizeof(uint16_t) * (m.size + 1));
	if (!m.starts)
		return false;
	m.instructions = m.starts + m.size + 1;
	for (uint32_t i = 0; i < 2 * (m.size + 1); i++)
		m.starts[i] = 0;
	bool fits = lay_out(&m);
	if (fits) {
		put(w, m.new_size, 4);
		put_code(w, &m);
		put_handlers(w, r, &m);
		put_code_attributes(f, w, r, &m);
	}
	memory->give(memory->context, m.starts);
	return fits && !w->failed && !r->failed;
}

static bool copy_attributes(struct file *f, struct writer *w, struct reader *r, uint32_t which, const struct memory *memory)
{
	uint32_t count = copy_number(w, r, 2);
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		uint32_t name = copy_number(w, r, 2);
		uint32_t size = take(r, 4);
		if (which == 0 || !is_text(f, name, "Code")) {
			put(w, size, 4);
			copy(w, r, size);
			continue;
		}
		uint32_t size_at = w->at;
		put(w, 0, 4);
		if (!rewrite_code(f, w, r, which, memory))
			return false;
		put_over(w, size_at, w->at - size_at - 4, 4);
	}
	return !r->failed;
}

static uint32_t meant_for(const struct file *f, uint32_t name, uint32_t descriptor)
{
	uint32_t which = 0;
	for (int i = 0; i < f->wanted->count; i++)
		if (is_text(f, name, f->wanted->insertions[i].method) &&
		    is_text(f, descriptor, f->wanted->insertions[i].descriptor))
			which |= 1u << i;
	return which;
}

/* Fields or methods; insertions are meant for methods only. */
static bool copy_members(struct file *f, struct writer *w, struct reader *r, bool methods, const struct memory *memory)
{
	uint32_t count = copy_number(w, r, 2);
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		copy_number(w, r, 2);
		uint32_t name = copy_number(w, r, 2);
		uint32_t descriptor = copy_number(w, r, 2);
		uint32_t which = methods ? meant_for(f, name, descriptor) : 0;
		if (!copy_attributes(f, w, r, which, memory))
			return false;
	}
	return !r->failed;
}

static bool copy_class(struct file *f, struct writer *w, struct reader *r, const struct memory *memory)
{
	uint32_t behind_constants = 0;
	r->at = 10;
	if (!read_constants(f, r))
		return false;
	uint32_t added = 2 + CONSTANTS_EACH * (uint32_t)f->wanted->count;
	if (f->constant_count + added > 65535)
		return false;
	behind_constants = r->at;
	put_all(w, r->bytes, 8);
	put(w, f->constant_count + added, 2);
	put_all(w, r->bytes + 10, behind_constants - 10);
	put_constants(w, f);
	copy(w, r, 6);
	copy(w, r, 2 * copy_number(w, r, 2));
	if (!copy_members(f, w, r, false, memory) || !copy_members(f, w, r, true, memory))
		return false;
	copy(w, r, r->size - r->at);
	return !w->failed && !r->failed && f->found == (1u << f->wanted->count) - 1;
}

bool rewrite_class(const uint8_t *bytes, uint32_t size, const struct rewriting *wanted, const struct memory *memory,
		   struct class_file *result)
{
	struct file f = { .bytes = bytes, .size = size, .wanted = wanted };
	struct reader r = { bytes, size, 0, false };
	struct writer w = { .size = size + size / 2 + 4096 };
	if (size < 10 || number_at(bytes, 4) != 0xcafebabe)
		return false;
	f.constant_count = number_at(bytes + 8, 2);
	f.constants = memory->take(memory->context, sizeof(uint32_t) * (f.constant_count + 1));
	if (!f.constants)
		return false;
	w.bytes = memory->take(memory->context, w.size);
	bool done = w.bytes && copy_class(&f, &w, &r, memory);
	memory->give(memory->context, f.constants);
	if (!done && w.bytes)
		memory->give(memory->context, w.bytes);
	if (done)
		*result = (struct class_file){ w.bytes, w.at };
	return done;
}
