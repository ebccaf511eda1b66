/* SPDX-License-Identifier: MIT */
/*
 * CPython, embedded: what its C API does for the same work. Objects are floats where the kind does not matter (24
 * bytes, never immortal). Its safepoint, the eval breaker, is passed by calling an empty Python function, because
 * nothing in the C API does it.
 *
 * Built by whatever PYTHON_CONFIG names; the column's name carries the version, and a t for a free-threaded build.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../workloads/workloads.h"

/* --- what the templates want ------------------------------------------------------------------------------------- */

typedef PyObject object, list, dict;

static PyObject *empty_function;

static inline void *must(void *p) {
  if (!p) {
    PyErr_Print();
    bench_fail("CPython reports an error");
  }
  return p;
}

static inline object *object_new(void) { return must(PyFloat_FromDouble(0.5)); }

static inline void object_incref(object *o) { Py_INCREF(o); }

static inline void object_decref(object *o) { Py_DECREF(o); }

static inline void pass_safepoint(void) { Py_DECREF(must(PyObject_CallNoArgs(empty_function))); }

#define block_new         object_new
#define block_drop(block) object_decref(block)
#define block_give(block) ((void)0)
#define block_take(block) ((void)0)

static void trace(const char *call, int frames) {
  object *module = must(PyImport_ImportModule("tracemalloc"));
  Py_DECREF(must(frames ? PyObject_CallMethod(module, call, "i", frames) : PyObject_CallMethod(module, call, NULL)));
  Py_DECREF(module);
}
static void trace_start(int frames) { trace("start", frames); }
static void trace_stop(void) { trace("stop", 0); }

static inline object *int_new(int64_t value) { return must(PyLong_FromLong((long)value)); }

static inline object *int_add(object *a, object *b) { return must(PyNumber_Add(a, b)); }

static inline object *tuple3_new(object *const items[3]) { return must(PyTuple_Pack(3, items[0], items[1], items[2])); }

static inline object *tuple2_new(object *a, object *b) { return must(PyTuple_Pack(2, a, b)); }

#define nothing Py_None
static inline object *tuple2_item(object *o, size_t i) { return PyTuple_GET_ITEM(o, (Py_ssize_t)i); }

static inline void gc_call(const char *name) {
  object *module = must(PyImport_ImportModule("gc"));
  Py_DECREF(must(PyObject_CallMethod(module, name, NULL)));
  Py_DECREF(module);
}
static inline void gc_collect(void) { gc_call("collect"); }
static inline void gc_switch(bool on) { gc_call(on ? "enable" : "disable"); }
static void (*gc_watchers[2])(void);
static PyObject *gc_tell(PyObject *self, PyObject *args) {
  const char *phase;
  PyObject *info;
  (void)self;
  if (!PyArg_ParseTuple(args, "sO", &phase, &info)) return NULL;
  gc_watchers[phase[2] == 'o']();
  Py_RETURN_NONE;
}
static inline void gc_watch(void (*start)(void), void (*stop)(void)) {
  static PyMethodDef method = {"tell", gc_tell, METH_VARARGS, NULL};
  object *module = must(PyImport_ImportModule("gc")), *callbacks = must(PyObject_GetAttrString(module, "callbacks"));
  gc_watchers[0] = start, gc_watchers[1] = stop;
  if (start) {
    object *function = must(PyCFunction_New(&method, NULL));
    if (PyList_Append(callbacks, function) != 0) must(NULL);
    Py_DECREF(function);
  } else if (PyList_SetSlice(callbacks, 0, PY_SSIZE_T_MAX, NULL) != 0) {
    must(NULL);
  }
  Py_DECREF(callbacks);
  Py_DECREF(module);
}

static inline list *list_new(void) { return must(PyList_New(0)); }

static inline void list_append(list *l, object *o) {
  if (PyList_Append(l, o) != 0) must(NULL);
}

#ifdef Py_GIL_DISABLED
#define list_get(l, i) must(PyList_GetItemRef((l), (Py_ssize_t)(i)))
#else
#define list_get(l, i) Py_NewRef(must(PyList_GetItem((l), (Py_ssize_t)(i))))
#endif
static inline void list_set(list *l, size_t i, object *o) {
  if (PyList_SetItem(l, (Py_ssize_t)i, Py_NewRef(o)) != 0) must(NULL);
}
#define list_drop(l) object_decref(l)

static inline object *text_new(const char *text) {
  object *o = must(PyUnicode_FromString(text));
  PyObject_Hash(o);
  return o;
}

static inline dict *dict_new(void) { return must(PyDict_New()); }

static inline void dict_set(dict *d, object *key, object *value) {
  if (PyDict_SetItem(d, key, value) != 0) must(NULL);
}

#ifdef Py_GIL_DISABLED
static inline object *dict_get(dict *d, object *key) {
  object *value;
  if (PyDict_GetItemRef(d, key, &value) != 1) must(NULL);
  return value;
}
#else
static inline object *dict_get(dict *d, object *key) { return Py_NewRef(must(PyDict_GetItemWithError(d, key))); }
#endif
#define dict_drop(d) object_decref(d)

static PyObject *classes; /* the globals in which they are defined */

static inline object *class_new(bool slots) {
  return Py_NewRef(must(PyDict_GetItemString(classes, slots ? "Slots" : "Dict")));
}
static inline object *name_new(const char *text) { return must(PyUnicode_InternFromString(text)); }
static inline object *instantiate(object *class) { return must(PyObject_CallNoArgs(class)); }
static inline object *attr_get(object *o, object *name) { return must(PyObject_GetAttr(o, name)); }
static inline void attr_set(object *o, object *name, object *value) {
  if (PyObject_SetAttr(o, name, value) != 0) must(NULL);
}
static inline object *method_call(object *o, object *name) { return must(PyObject_CallMethodNoArgs(o, name)); }

static PyObject *return_none(PyObject *self, PyObject *arg) {
  (void)self, (void)arg;
  Py_RETURN_NONE;
}
static inline object *callback_new(void) {
  static PyMethodDef definition = {"callback", return_none, METH_O, NULL};
  return must(PyCFunction_New(&definition, NULL));
}
static inline object *ref_new(object *target, object *callback) { return must(PyWeakref_NewRef(target, callback)); }
static inline object *ref_get(object *ref) { return Py_NewRef(PyWeakref_GetObject(ref)); }
static inline object *weak_values_new(void) {
  object *module = must(PyImport_ImportModule("weakref"));
  object *d = must(PyObject_CallMethod(module, "WeakValueDictionary", NULL));
  Py_DECREF(module);
  return d;
}
static inline void weak_values_set(object *d, object *key, object *value) {
  if (PyObject_SetItem(d, key, value) != 0) must(NULL);
}
static inline object *weak_values_get(object *d, object *key) { return must(PyObject_GetItem(d, key)); }

static PyObject *deepcopy_function, *cache_maker;

static inline object *copy_deep(object *o) { return must(PyObject_CallOneArg(deepcopy_function, o)); }
static inline object *cache_new(void) { return must(PyObject_CallNoArgs(cache_maker)); }
static inline object *cache_call(object *cache, object *key) { return must(PyObject_CallOneArg(cache, key)); }

#include "../workloads/attribute_template.h"
#include "../workloads/counts_template.h"
#include "../workloads/dict_template.h"
#include "../workloads/footprint_template.h"
#include "../workloads/gc_template.h"
#include "../workloads/heap_template.h"
#include "../workloads/list_template.h"
#include "../workloads/shared_template.h"
#include "../workloads/trace_template.h"
#include "../workloads/value_template.h"
#include "../workloads/weak_template.h"

#include "../workloads/copy_template.h"

/* --- the runtime ------------------------------------------------------------------------------------------------- */

static _Thread_local PyGILState_STATE gil_state;

/* An interpreter that looks for its library where the build found its headers, whatever else is installed. */
static bool python_start(void) {
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.site_import = 0;
  config.install_signal_handlers = 0;
  PyStatus status = PyConfig_SetBytesString(&config, &config.home, PYTHON_HOME);
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) return false;
  PyObject *globals = must(PyDict_New());
  Py_DECREF(
      must(PyRun_String("def empty(): pass\n"
                        "class Dict:\n"
                        "  def empty(self): pass\n"
                        "class Slots:\n"
                        "  __slots__ = 'a', 'b'\n"
                        "  def empty(self): pass\n"
                        "from copy import deepcopy\n"
                        "from functools import lru_cache\n"
                        "def cache_maker(): return lru_cache(1024)(lambda n: n % 200)\n",
                        Py_file_input, globals, globals)));
  PyGC_Disable(); /* workloads that make cycles switch it on */
  empty_function = Py_NewRef(must(PyDict_GetItemString(globals, "empty")));
  deepcopy_function = Py_NewRef(must(PyDict_GetItemString(globals, "deepcopy")));
  cache_maker = Py_NewRef(must(PyDict_GetItemString(globals, "cache_maker")));
  classes = globals;
  return true;
}

static void python_stop(void) {
  Py_CLEAR(empty_function);
  Py_CLEAR(deepcopy_function);
  Py_CLEAR(cache_maker);
  Py_CLEAR(classes);
  Py_FinalizeEx();
}

static void python_attach(void) { gil_state = PyGILState_Ensure(); }

static void python_detach(void) { PyGILState_Release(gil_state); }

static void *python_release(void) { return PyEval_SaveThread(); }

static void python_acquire(void *token) { PyEval_RestoreThread(token); }

/* A free-threaded build stops its world to collect; with a lock, to hold it is to have stopped the others. */
static uint64_t python_stop_world(void *token) {
  uint64_t asked = bench_now();
  PyEval_RestoreThread(token);
#ifdef Py_GIL_DISABLED
  asked = bench_now();
  PyGC_Collect();
#endif
  return bench_now() - asked;
}

#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)
#ifdef Py_GIL_DISABLED
#define BUILD "t"
#else
#define BUILD ""
#endif

static const bench_runtime python = {
    .mode = "cpython" TEXT(PY_MAJOR_VERSION) TEXT(PY_MINOR_VERSION) BUILD,
    .start = python_start,
    .stop = python_stop,
    .attach = python_attach,
    .detach = python_detach,
    .release = python_release,
    .acquire = python_acquire,
    .count = count_with_ints,
    .build = build_dicts,
    .stop_world = python_stop_world,
};

/* --- workloads of its own ---------------------------------------------------------------------------------------- */

static uint64_t detach_attach_pair(bench_worker *w, uint64_t iterations) {
  (void)w;
  for (uint64_t i = 0; i < iterations; i++) PyEval_RestoreThread(PyEval_SaveThread());
  return iterations;
}

static const bench_workload own_workloads[] = {
    {.name = "detach_attach_pair", .threads = BENCH_T(1), .work = {.body = detach_attach_pair}},
    {.name = NULL},
};

int main(int argc, char **argv) {
  const bench_workload *const tables[] = {count_workloads,
                                          heap_workloads,
                                          value_workloads,
                                          list_workloads,
                                          dict_workloads,
                                          footprint_workloads,
                                          gc_workloads,
                                          attribute_workloads,
                                          shared_workloads,
                                          weak_workloads,
                                          copy_workloads,
                                          trace_workloads,
                                          own_workloads,
                                          bench_threading_workloads,
                                          NULL};
  return bench_main(argc, argv, &python, tables);
}
