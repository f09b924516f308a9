/*
 * An agent of the Java virtual machine that makes JSSE's record layer call into it (hooks.c) while somebody listens. Loaded into one that
 * runs, it comes off again by itself when nobody listens any more, whatever became of the recorder: its classes are as they were. It needs
 * no Java class from a file, no JDK and no C library, so one file serves every JVM.
 */
#include "agent.h"

#include <sys/syscall.h>

#define CHECK_MS 100
/* For the recorder to put its probes in place. */
#define PATIENCE_CHECKS 100

/* What Agent_OnAttach returns; recorder/source/ebpf/attach/java says them in words. */
enum failure {
	NONE = 0,
	NO_TOOLS = 101,
	NO_CAPABILITY = 102,
	NO_HELPER = 103,
	NO_THREAD = 104,
	ANOTHER = 105, /* an agent of another recorder is at work */
	NO_CLASS = 110,        /* and the place of the class in jsse_classes */
	OTHER_CODE = 120,      /* likewise: a class that looks otherwise */
	NOT_RETRANSFORMED = 130,
};

static const char class_prefix[] = "wiretape/Jsse";
/* The helper class stays for as long as the JVM runs, so each agent has one of its own name. */
static char helper_name[sizeof(class_prefix) + 16];

static tools ti;
static jobject classes[JSSE_CLASSES];
static volatile bool patching;
static volatile bool another;
static volatile uint32_t patched;

__attribute__((visibility("default"))) volatile uint8_t wiretape_jsse_active;

/* The compiler calls these by name. */
void *memcpy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

void *memset(void *to, int value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((volatile uint8_t *)to)[i] = (uint8_t)value;
	return to;
}

void pause_ms(uint32_t ms)
{
	struct {
		int64_t seconds;
		int64_t nanoseconds;
	} time = { ms / 1000, (int64_t)(ms % 1000) * 1000000 };
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_nanosleep), "D"(&time), "S"(0) : "rcx", "r11", "memory");
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static void *take_memory(void *context, uint64_t bytes)
{
	void *memory = NULL;
	(void)context;
	return CALL(ti, TI_ALLOCATE, int, tools, int64_t, void **)(ti, (int64_t)bytes, &memory) ? NULL : memory;
}

static void give_memory(void *context, void *memory)
{
	(void)context;
	CALL(ti, TI_DEALLOCATE, int, tools, void *)(ti, memory);
}

static bool mentions(const uint8_t *bytes, uint32_t size, const char *text)
{
	for (uint32_t at = 0; at < size; at++) {
		uint32_t same = 0;
		while (text[same] && at + same < size && bytes[at + same] == (uint8_t)text[same])
			same++;
		if (!text[same])
			return true;
	}
	return false;
}

/* Called for every class that is loaded or made anew. */
static void on_class(tools from, jni env, jobject class, jobject loader, const char *name, jobject domain, int32_t size,
		     const uint8_t *bytes, int32_t *new_size, uint8_t **new_bytes)
{
	(void)from, (void)env, (void)class, (void)domain;
	if (!patching || loader || !name)
		return;
	for (int i = 0; i < JSSE_CLASSES; i++) {
		if (!same(name, jsse_classes[i].name))
			continue;
		struct rewriting wanted = { helper_name, jsse_classes[i].insertions, jsse_classes[i].count };
		struct memory memory = { take_memory, give_memory, NULL };
		struct class_file result;
		if (mentions(bytes, (uint32_t)size, class_prefix)) {
			another = true;
			return;
		}
		if (!rewrite_class(bytes, (uint32_t)size, &wanted, &memory, &result))
			return;
		*new_bytes = result.bytes;
		*new_size = (int32_t)result.size;
		__atomic_or_fetch(&patched, 1u << i, __ATOMIC_SEQ_CST);
	}
}

static void put_byte(uint8_t *to, uint32_t *at, uint32_t value)
{
	to[(*at)++] = (uint8_t)value;
}

static void put_two(uint8_t *to, uint32_t *at, uint32_t value)
{
	put_byte(to, at, value >> 8);
	put_byte(to, at, value);
}

static void put_name(uint8_t *to, uint32_t *at, const char *text)
{
	uint32_t length = 0;
	while (text[length])
		length++;
	put_byte(to, at, 1);
	put_two(to, at, length);
	for (uint32_t i = 0; i < length; i++)
		put_byte(to, at, (uint8_t)text[i]);
}

/* A class of static native methods and nothing else (JVM Specification, chapter 4): there is no code to compile. */
static uint32_t write_helper(uint8_t *to)
{
	enum { PUBLIC_FINAL = 0x31, STATIC_NATIVE = 0x109, OWN = 2, OBJECT = 4, FIRST_NAME = 5 };
	static const uint8_t opening[] = { 0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52 };
	uint32_t at = 0;
	for (uint32_t i = 0; i < sizeof(opening); i++)
		put_byte(to, &at, opening[i]);
	put_two(to, &at, FIRST_NAME + 2 * JSSE_METHODS);
	put_name(to, &at, helper_name);
	put_byte(to, &at, 7);
	put_two(to, &at, OWN - 1);
	put_name(to, &at, "java/lang/Object");
	put_byte(to, &at, 7);
	put_two(to, &at, OBJECT - 1);
	for (int i = 0; i < JSSE_METHODS; i++) {
		put_name(to, &at, jsse_methods[i].name);
		put_name(to, &at, jsse_methods[i].signature);
	}
	put_two(to, &at, PUBLIC_FINAL);
	put_two(to, &at, OWN);
	put_two(to, &at, OBJECT);
	put_two(to, &at, 0);
	put_two(to, &at, 0);
	put_two(to, &at, JSSE_METHODS);
	for (int i = 0; i < JSSE_METHODS; i++) {
		put_two(to, &at, STATIC_NATIVE);
		put_two(to, &at, FIRST_NAME + 2 * (uint32_t)i);
		put_two(to, &at, FIRST_NAME + 2 * (uint32_t)i + 1);
		put_two(to, &at, 0);
	}
	put_two(to, &at, 0);
	return at;
}

static jobject module_of(jni env, jobject class)
{
	return class ? CALL(env, JNI_GET_MODULE, jobject, jni, jobject)(env, class) : NULL;
}

/*
 * By the loader of the classes that call it, and in its unnamed module: in a named one the virtual machine would warn, on the
 * application's own output, of native methods that come from elsewhere. JSSE's module has to read that one.
 */
static bool define_helper(jni env)
{
	static uint8_t bytes[1024];
	int32_t size = (int32_t)write_helper(bytes);
	jobject class = CALL(env, JNI_DEFINE_CLASS, jobject, jni, const char *, jobject, const uint8_t *, int32_t)(
		env, helper_name, NULL, bytes, size);
	jobject from = module_of(env, classes[0]);
	jobject to = module_of(env, class);
	bool done = from && to &&
		    !CALL(ti, TI_ADD_MODULE_READS, int, tools, jobject, jobject)(ti, from, to) &&
		    !CALL(env, JNI_REGISTER_NATIVES, int, jni, jobject, const struct native_method *, int32_t)(
			    env, class, jsse_methods, JSSE_METHODS);
	if (!done)
		CALL(env, JNI_EXCEPTION_CLEAR, void, jni)(env);
	return done;
}

static int find_classes(jni env)
{
	for (int i = 0; i < JSSE_CLASSES; i++) {
		jobject class = CALL(env, JNI_FIND_CLASS, jobject, jni, const char *)(env, jsse_classes[i].name);
		if (!class) {
			CALL(env, JNI_EXCEPTION_CLEAR, void, jni)(env);
			return NO_CLASS + i;
		}
		classes[i] = CALL(env, JNI_NEW_GLOBAL_REF, jobject, jni, jobject)(env, class);
	}
	return NONE;
}

static int retransform(void)
{
	return CALL(ti, TI_RETRANSFORM_CLASSES, int, tools, int32_t, const jobject *)(ti, JSSE_CLASSES, classes);
}

static int hear_of(int event, int mode)
{
	return CALL(ti, TI_SET_EVENT_NOTIFICATION_MODE, int, tools, int, int, jobject, ...)(ti, mode, event, NULL);
}

/* Everything is as it was, but for the helper class, which nobody calls. */
static void undo(void)
{
	patching = false;
	retransform();
	hear_of(EVENT_CLASS_FILE_LOAD_HOOK, EVENTS_OFF);
	end_telling();
	CALL(ti, TI_DISPOSE_ENVIRONMENT, int, tools)(ti);
}

static int patch(jni env)
{
	int failed = find_classes(env);
	if (failed)
		return failed;
	if (!define_helper(env) || !begin_telling(ti))
		return NO_HELPER;
	patching = true;
	if (hear_of(EVENT_CLASS_FILE_LOAD_HOOK, EVENTS_ON))
		return NO_CAPABILITY;
	int error = retransform();
	if (another)
		return ANOTHER;
	for (int i = 0; i < JSSE_CLASSES; i++)
		if (!(patched & 1u << i))
			return OTHER_CODE + i;
	wiretape_jsse_active = !error;
	return error ? NOT_RETRANSFORMED : NONE;
}

/* True where nobody listens: a recorder that raises its count from here on sees that this agent is not active. */
static bool give_up(void)
{
	wiretape_jsse_active = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	wiretape_jsse_active = wiretape_jsse_listeners > 0;
	return !wiretape_jsse_active;
}

/* Waits for the recorder, then for its end, however it ends: the kernel takes the probes away. */
static void watch(tools from, jni env, void *context)
{
	(void)from, (void)env, (void)context;
	for (int i = 0; i < PATIENCE_CHECKS && !wiretape_jsse_listeners; i++)
		pause_ms(CHECK_MS);
	while (wiretape_jsse_listeners || !give_up())
		pause_ms(CHECK_MS);
	undo();
}

static int start_watching(jni env)
{
	jobject class = CALL(env, JNI_FIND_CLASS, jobject, jni, const char *)(env, "java/lang/Thread");
	void *make = class ? CALL(env, JNI_GET_METHOD_ID, void *, jni, jobject, const char *, const char *)(
				     env, class, "<init>", "(Ljava/lang/String;)V")
			   : NULL;
	jobject name = make ? CALL(env, JNI_NEW_STRING_UTF, jobject, jni, const char *)(env, "wiretape") : NULL;
	jobject thread = name ? CALL(env, JNI_NEW_OBJECT, jobject, jni, jobject, void *, ...)(env, class, make, name) : NULL;
	if (thread &&
	    !CALL(ti, TI_RUN_AGENT_THREAD, int, tools, jobject, void *, void *, int)(ti, thread, watch, NULL, NORMAL_PRIORITY))
		return NONE;
	CALL(env, JNI_EXCEPTION_CLEAR, void, jni)(env);
	return NO_THREAD;
}

static int connect(jvm vm, void (*on_start)(tools, jni, jobject))
{
	static void *callbacks[CALLBACKS];
	uint64_t capabilities[2] = { 1ull << CAN_TAG_OBJECTS | 1ull << CAN_GENERATE_ALL_CLASS_HOOK_EVENTS |
				     1ull << CAN_RETRANSFORM_CLASSES };
	if (CALL(vm, VM_GET_ENV, int, jvm, void **, int)(vm, (void **)&ti, TI_VERSION_1_2))
		return NO_TOOLS;
	callbacks[CALLBACK_VM_INIT] = (void *)on_start;
	callbacks[CALLBACK_CLASS_FILE_LOAD_HOOK] = (void *)on_class;
	if (CALL(ti, TI_ADD_CAPABILITIES, int, tools, const uint64_t *)(ti, capabilities) ||
	    CALL(ti, TI_SET_EVENT_CALLBACKS, int, tools, void *const *, int)(ti, callbacks, sizeof(callbacks)))
		return NO_CAPABILITY;
	return NONE;
}

static void name_helper(const char *options)
{
	uint32_t at = 0;
	for (; class_prefix[at]; at++)
		helper_name[at] = class_prefix[at];
	for (int i = 0; i < 12 && options && options[i]; i++)
		helper_name[at++] = options[i];
	helper_name[at] = 0;
}

/* `options`: letters and digits that no other agent in this JVM was given. */
__attribute__((visibility("default"))) int Agent_OnAttach(jvm vm, const char *options, void *reserved)
{
	jni env = NULL;
	(void)reserved;
	/* The same file once more: what is in place stays. */
	if (ti)
		return NO_TOOLS;
	name_helper(options);
	int failed = CALL(vm, VM_GET_ENV, int, jvm, void **, int)(vm, (void **)&env, 0x00010006) ? NO_TOOLS : connect(vm, NULL);
	if (failed)
		return failed;
	failed = patch(env);
	if (!failed)
		failed = start_watching(env);
	if (failed)
		undo();
	return failed;
}

static void on_start(tools from, jni env, jobject thread)
{
	(void)from, (void)thread;
	if (patch(env))
		undo();
}

/* By -agentpath: in place from the start, and for as long as the JVM runs. */
__attribute__((visibility("default"))) int Agent_OnLoad(jvm vm, const char *options, void *reserved)
{
	(void)options, (void)reserved;
	name_helper("");
	return connect(vm, on_start) || hear_of(EVENT_VM_INIT, EVENTS_ON);
}
