#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Replays the operations that tests/fuzz/machine.c writes, and compares every result with CPython's own.

Reads episodes from standard input; at the first disagreement prints the episode so far and ends with status 1. Answers
"?" with a byte, to say that it has agreed so far. See fuzz.h for what a line says.
"""
import math
import operator
import struct
import sys

DEEPEST, MOST = 40, 3000  # as in values.c


# --- Values ---

class Numbered:
    def __init__(self, number):
        self.number = number

    def __repr__(self):
        return f"<{type(self).__name__} {self.number}>"


class hooked(Numbered):
    def __hash__(self):
        return self.number % 3

    def __eq__(self, other):
        return self.number == other.number if isinstance(other, hooked) else NotImplemented


class unhashable(Numbered):
    def __hash__(self):
        raise ValueError("no hash")


class unequal(Numbered):
    def __hash__(self):
        return 7

    def compare(self, other):
        raise ValueError("no comparison")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = compare


ITERATORS = (type(iter([])), type(iter(())))
BRACKETS = {list: "[]", tuple: "()", dict: "{}", set: ("{|", "}"), frozenset: ("<|", ">")}


class Writing:
    """The text of an object; see write_in in values.c."""

    def __init__(self):
        self.outer = []
        self.objects = 0

    def text(self, o):
        self.objects += 1
        if self.objects > MOST:
            return "~"
        t = type(o)
        if t in BRACKETS:
            return self.container(o, t)
        if t is bytearray:
            return "b" + o.hex()
        if t is float:
            return "nan" if math.isnan(o) else "f" + struct.pack(">d", o).hex()
        if t is str:
            plain = (chr(c) if 0x20 < c < 0x7F and c not in b"'\\" else f"\\x{c:02x}" for c in o.encode())
            return "'" + "".join(plain) + "'"
        return "<iterator>" if t in ITERATORS else repr(o)

    def container(self, o, t):
        first, last = BRACKETS[t]
        if len(self.outer) == DEEPEST or any(x is o for x in self.outer):
            return first + "..." + last
        if t in (set, frozenset):
            self.objects += len(o)
            return first + ", ".join(sorted(Writing().text(key) for key in o)) + last
        self.outer.append(o)
        if t is dict:
            inner = ", ".join(f"{self.text(key)}: {self.text(value)}" for key, value in o.items())
        else:
            inner = ", ".join(self.text(item) for item in o)
        self.outer.pop()
        return first + inner + last


def text_of(o):
    return Writing().text(o)


# --- Operations: as in operations.c. What returns 0 or 1 there is made an int here. ---

COMPARISONS = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
told = None  # Weft's result, as text


def compare(a, b, op):
    return int(COMPARISONS[op](a, b))


def hashes_agree(a, b):
    x, y = hash(a), hash(b)
    return int(not a == b or x == y)


def iterate(o, key, part):
    iterator = iter(o.values() if part == 1 else o.items()) if type(o) is dict and part else iter(o)
    items = []
    for item in iterator:
        items.append(item)
        if len(items) > 1:
            continue
        try:
            if type(o) is list:
                o.append(key)
            elif type(o) is dict:
                o[key] = None
            elif type(o) is set:
                o.add(key)
        except (TypeError, ValueError):
            pass
    return set(items) if isinstance(o, (set, frozenset)) else items


def sort(items, key, reverse):
    def changing(item):
        items.append(item)
        return item
    keys = [None, lambda item: 0.0 - item, lambda item: 0, changing]
    list.sort(items, key=keys[key], reverse=reverse % 2 == 1)


def set_discard(a, b):
    before = len(a)
    set.discard(a, b)
    return before - len(a)


def set_pop(a):
    if a.__class__ is not set or not a:
        return set.pop(a)
    for key in a:
        if text_of(key) == told:
            others = [other for other in a if other is not key]
            a.clear()
            a.update(others)
            return key
    return set.pop(a)


def any_set(o):
    if not isinstance(o, (set, frozenset)):
        raise TypeError
    return o


def method(name):
    return lambda a, b: getattr(any_set(a), name)(b)


def relation(name):
    return lambda a, b: int(getattr(any_set(a), name)(b))


def list_set_slice(items, start, stop, iterable=()):
    if type(items) is not list:
        raise TypeError
    items[start:stop] = iterable


def list_slice(items, start, stop):
    return list.__getitem__(items, slice(start, stop))


def dict_get(a, key):
    return dict.__getitem__(a, key)


def dict_find(a, key):
    return dict.get(a, key)


OPERATIONS = {
    "tuple_pair": lambda a, b: (a, b),
    "tuple_single": lambda a: (a,),
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "bits_and": operator.and_,
    "bits_or": operator.or_,
    "bits_xor": operator.xor,
    "compare": compare,
    "compare_lists": compare,
    "compare_dicts": compare,
    "compare_sets": compare,
    "hashes_agree": hashes_agree,
    "is_true": lambda a: int(bool(a)),
    "length": len,
    "repr": repr,
    "str": str,
    "get_item": operator.getitem,
    "set_item": operator.setitem,
    "delete_item": operator.delitem,
    "contains": lambda a, b: int(b in a),
    "iter": iter,
    "next": next,
    "next_again": next,
    "iterate": iterate,
    "iterate_dict": iterate,

    "list_from": list,
    "list_get": list.__getitem__,
    "list_peek": list.__getitem__,
    "list_set": list.__setitem__,
    "list_append": list.append,
    "list_append_more": list.append,
    "list_insert": list.insert,
    "list_pop": list.pop,
    "list_delete": list.__delitem__,
    "list_clear": list.clear,
    "list_length": list.__len__,
    "list_slice": list_slice,
    "list_set_slice": list_set_slice,
    "list_delete_slice": list_set_slice,
    "list_extend": list.extend,
    "list_repeat": list.__mul__,
    "list_contains": lambda a, b: int(list.__contains__(a, b)),
    "list_index": list.index,
    "list_count": list.count,
    "list_remove": list.remove,
    "list_reverse": list.reverse,
    "list_sort": sort,
    "list_sort_copy": lambda a: list.copy(a).sort(),

    "dict_get": dict_get,
    "dict_find": dict_find,
    "dict_peek": dict_find,
    "dict_contains": lambda a, b: int(dict.__contains__(a, b)),
    "dict_set": dict.__setitem__,
    "dict_set_more": dict.__setitem__,
    "dict_set_default": dict.setdefault,
    "dict_delete": dict.__delitem__,
    "dict_pop": dict.pop,
    "dict_pop_or": dict.pop,
    "dict_pop_item": dict.popitem,
    "dict_clear": dict.clear,
    "dict_length": dict.__len__,
    "dict_copy": dict.copy,
    "dict_update": dict.update,
    "dict_update_by_dict": dict.update,
    "dict_from_keys": dict.fromkeys,
    "dict_keys": lambda a: list(dict.keys(a)),
    "dict_values": lambda a: list(dict.values(a)),
    "dict_items": lambda a: list(dict.items(a)),

    "set_from": set,
    "frozenset_from": frozenset,
    "set_copy": lambda a: any_set(a).copy(),
    "set_length": lambda a: len(any_set(a)),
    "set_contains": lambda a, b: int(b in any_set(a)),
    "set_add": set.add,
    "set_add_more": set.add,
    "set_discard": set_discard,
    "set_remove": set.remove,
    "set_pop": set_pop,
    "set_clear": set.clear,
    "set_update": set.update,
    "set_intersection_update": set.intersection_update,
    "set_difference_update": set.difference_update,
    "set_symmetric_difference_update": set.symmetric_difference_update,
    "set_union": method("union"),
    "set_intersection": method("intersection"),
    "set_difference": method("difference"),
    "set_symmetric_difference": method("symmetric_difference"),
    "set_is_subset": relation("issubset"),
    "set_is_superset": relation("issuperset"),
    "set_is_disjoint": relation("isdisjoint"),

    "bytearray_get": bytearray.__getitem__,
    "bytearray_set": bytearray.__setitem__,
    "bytearray_append": bytearray.append,
    "bytearray_append_more": bytearray.append,
    "bytearray_insert": bytearray.insert,
    "bytearray_pop": bytearray.pop,
    "bytearray_delete": bytearray.__delitem__,
    "bytearray_remove": bytearray.remove,
    "bytearray_clear": bytearray.clear,
    "bytearray_reverse": bytearray.reverse,
    "bytearray_length": bytearray.__len__,
    "bytearray_slice": lambda a, start, stop: bytearray.__getitem__(a, slice(start, stop)),
    "bytearray_set_slice": lambda a, start, stop, b: bytearray.__setitem__(a, slice(start, stop), b),
    "bytearray_extend": bytearray.extend,
    "bytearray_repeat": bytearray.__mul__,
    "bytearray_contains": lambda a, b: int(b in a),
    "bytearray_find": bytearray.find,
    "bytearray_count": bytearray.count,
    "bytearray_replace": bytearray.replace,
}


# --- Replaying ---

def operand(word, registers):
    return registers[int(word[1:])] if word[0] == "r" else int(word)


def replay(line, registers):
    """Executes the line; returns what it should have said from the arrow on."""
    global told
    words, _, said = line.partition(" -> ")
    told, _, shown = said.partition(" ; ")
    destination, _, name, *operands = words.split(" ")
    values = [operand(word, registers) for word in operands]
    if told == "!memory":
        text = told
    else:
        try:
            result = OPERATIONS[name](*values)
            text = text_of(result)
            if destination != "-":
                registers[int(destination[1:])] = result
        except StopIteration:
            text = "end"
        except Exception as error:  # whatever the operation raises is its result
            text = "!" + type(error).__name__
    return f"{text} ; {text_of(values[0])}" if values else text


def main():
    registers, episode = {}, []
    for line in sys.stdin:
        line = line.rstrip("\n")
        if line == "?":
            episode = []
            sys.stdout.write("y")
            sys.stdout.flush()
        elif line == "end":
            return 0
        elif line.startswith("episode "):
            registers, episode = {}, [line]
        elif " := " in line:
            episode.append(line)
            register, expression = line.split(" := ")
            registers[int(register[1:])] = eval(expression)  # one of a few literals: see values.c
        else:
            episode.append(line)
            due = replay(line, registers)
            if not line.endswith(" -> " + due):
                print("\n".join(episode), f"CPython says:\n -> {due}", sep="\n", file=sys.stderr)
                return 1
    if not episode:
        return 0
    print("\n".join(episode), "Weft ended in this episode", sep="\n", file=sys.stderr)
    return 1


sys.exit(main())
