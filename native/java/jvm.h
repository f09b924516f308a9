/*
 * What is used of the Java virtual machine's two tables of functions, by their numbers (JNI Specification, chapter 4; JVM Tool
 * Interface 1.2), so that no JDK is needed to build the agent. test/contract/java-agent.test.ts holds them against the
 * headers of a JDK where there is one.
 */
#ifndef WIRETAPE_JVM_H
#define WIRETAPE_JVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *jobject;
typedef void *jfield;
typedef struct vm_table *const *jvm;
typedef struct jni_table *const *jni;
typedef struct ti_table *const *tools;

enum {
	VM_GET_ENV = 6,

	JNI_DEFINE_CLASS = 5,
	JNI_FIND_CLASS = 6,
	JNI_EXCEPTION_CLEAR = 17,
	JNI_NEW_GLOBAL_REF = 21,
	JNI_DELETE_LOCAL_REF = 23,
	JNI_IS_SAME_OBJECT = 24,
	JNI_NEW_OBJECT = 28,
	JNI_GET_OBJECT_CLASS = 31,
	JNI_IS_INSTANCE_OF = 32,
	JNI_GET_METHOD_ID = 33,
	JNI_GET_FIELD_ID = 94,
	JNI_GET_OBJECT_FIELD = 95,
	JNI_GET_BYTE_FIELD = 97,
	JNI_GET_INT_FIELD = 100,
	JNI_GET_LONG_FIELD = 101,
	JNI_NEW_STRING_UTF = 167,
	JNI_GET_ARRAY_LENGTH = 171,
	JNI_GET_OBJECT_ARRAY_ELEMENT = 173,
	JNI_GET_BYTE_ARRAY_REGION = 200,
	JNI_REGISTER_NATIVES = 215,
	JNI_GET_PRIMITIVE_ARRAY_CRITICAL = 222,
	JNI_RELEASE_PRIMITIVE_ARRAY_CRITICAL = 223,
	JNI_GET_MODULE = 233,

	TI_SET_EVENT_NOTIFICATION_MODE = 1,
	TI_RUN_AGENT_THREAD = 11,
	TI_CREATE_RAW_MONITOR = 30,
	TI_RAW_MONITOR_ENTER = 32,
	TI_RAW_MONITOR_EXIT = 33,
	TI_ALLOCATE = 45,
	TI_DEALLOCATE = 46,
	TI_ADD_MODULE_READS = 93,
	TI_GET_TAG = 105,
	TI_SET_TAG = 106,
	TI_SET_EVENT_CALLBACKS = 121,
	TI_DISPOSE_ENVIRONMENT = 126,
	TI_ADD_CAPABILITIES = 141,
	TI_RETRANSFORM_CLASSES = 151,

	/* bits of jvmtiCapabilities */
	CAN_TAG_OBJECTS = 0,
	CAN_GENERATE_ALL_CLASS_HOOK_EVENTS = 26,
	CAN_RETRANSFORM_CLASSES = 37,

	EVENT_VM_INIT = 50,
	EVENT_CLASS_FILE_LOAD_HOOK = 54,

	/* places in jvmtiEventCallbacks */
	CALLBACK_VM_INIT = 0,
	CALLBACK_CLASS_FILE_LOAD_HOOK = 4,
	CALLBACKS = 5,
};

#define TI_VERSION_1_2 0x30010200
#define JNI_ABORT 2
#define EVENTS_OFF 0
#define EVENTS_ON 1
#define NORMAL_PRIORITY 5

struct native_method {
	const char *name;
	const char *signature;
	void *function;
};

struct vm_table {
	void *functions[8];
};
struct jni_table {
	void *functions[235];
};
struct ti_table {
	void *functions[156];
};

/* A call of function NUMBER of a table, which takes what follows. */
#define CALL(table, number, result, ...) ((result(*)(__VA_ARGS__))(*(table))->functions[number])

#endif
