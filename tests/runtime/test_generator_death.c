/* SPDX-License-Identifier: MIT */
/* How generators die: by their last reference, in cycles, in nests. */
#include "../gc/gc_support.h"
#include "generator_support.h"

GcSuite(generator_death);

GcTest(generator_death, GEN_063_the_last_reference_to_one_that_has_begun_runs_its_cleanup) {
  weft_object *generator = begun_with(probe_new());
  cr_assert(cleanups == 0 && freed() == 0);
  weft_decref(generator);
  cr_assert(cleanups == 1 && freed() == 1);
}

GcTest(generator_death, one_that_has_not_begun_or_is_finished_has_nothing_to_clean_up) {
  weft_decref(cleaning_with(probe_new()));
  weft_object *finished = begun_with(probe_new());
  cr_assert_eq(weft_generator_close(finished), WEFT_NONE);
  cr_assert_eq(cleanups, 1);
  weft_decref(finished);
  cr_assert(cleanups == 1 && freed() == 2);
}

/* Handles Exceptions, by going on. */
static weft_object *handles_exceptions(weft_object *generator, weft_object *sent) {
  (void)generator;
  if (sent) return WEFT_NONE;
  if (weft_error_is(&weft_Exception)) {
    weft_error_clear();
    return INT(1);
  }
  weft__add_acq_rel(&cleanups, 1u);
  return NULL;
}

GcTest(generator_death, who_handles_all_exceptions_does_not_handle_the_exit) {
  weft_object *generator = plain_generator(handles_exceptions);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  cr_assert_eq(value_of(weft_generator_throw(generator, (weft_object *)&weft_KeyError)), 1);
  weft_decref(generator);
  cr_assert_eq(cleanups, 1);
}

static weft_object *fails_at_the_exit(weft_object *generator, weft_object *sent) {
  (void)generator;
  return sent ? WEFT_NONE : weft_raise(&weft_KeyError, "while dying");
}
static weft_object *yields_at_the_exit(weft_object *generator, weft_object *sent) {
  (void)generator;
  if (!sent) weft_error_clear();
  return sent ? WEFT_NONE : INT(1);
}

static void check_unraisable(weft_c_generator body, const weft_type *type, bool collected) {
  weft_object *generator = with_cell(body);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  weft_set_unraisable_hook(note_unraisable);
  unraisable_count = 0;
  if (collected) {
    weft_auto weft_object *list = weft_list_of(1, &generator);
    weft_list_append(list, list);
  }
  weft_raise(&weft_ValueError, "pending");
  weft_decref(generator);
  if (collected) weft_gc_collect(2);
  cr_assert(unraisable_count == 1 && unraisable_type == type && unraisable_where == generator);
  cr_assert(raised_with(&weft_ValueError, "pending"));
  weft_set_unraisable_hook(NULL);
}

GcTest(generator_death, what_a_body_raises_then_is_unraisable) {
  check_unraisable(fails_at_the_exit, &weft_KeyError, false);
  check_unraisable(fails_at_the_exit, &weft_KeyError, true);
}

GcTest(generator_death, to_yield_then_is_a_runtime_error_that_is_unraisable) {
  check_unraisable(yields_at_the_exit, &weft_RuntimeError, false);
  check_unraisable(yields_at_the_exit, &weft_RuntimeError, true);
}

static weft_object *saved; /* a list */
static weft_object *saves_itself(weft_object *generator, weft_object *sent) {
  if (sent) return WEFT_NONE;
  weft__add_acq_rel(&cleanups, 1u);
  weft_list_append(saved, generator);
  return NULL;
}
static weft_object *saves_itself_and_yields(weft_object *generator, weft_object *sent) {
  if (!sent) {
    weft__add_acq_rel(&cleanups, 1u);
    weft_list_append(saved, generator);
    weft_error_clear();
  }
  return WEFT_NONE;
}

GcTest(generator_death, one_that_its_cleanup_saves_lives_on_finished) {
  saved = weft_list_new();
  weft_object *generator = with_cell(saves_itself);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  weft_decref(generator);
  cr_assert(cleanups == 1 && weft_list_length(saved) == 1);
  cr_assert(weft_refcount(generator) == 1 && weft_gc_is_finalized(generator) == 1 && is_at_end(generator));
  weft_decref(saved);
  cr_assert_eq(cleanups, 1);
}

GcTest(generator_death, a_cleanup_runs_once_even_if_it_left_something_to_do) {
  weft_set_unraisable_hook(note_unraisable);
  saved = weft_list_new();
  weft_object *generator = with_cell(saves_itself_and_yields);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  weft_decref(generator);
  cr_assert(cleanups == 1 && unraisable_count == 1 && weft_list_length(saved) == 1);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  weft_decref(saved);
  cr_assert_eq(cleanups, 1);
  weft_set_unraisable_hook(NULL);
}

/* --- In cycles --- */

/* Keeps what is sent. */
static weft_object *keeps_sent(weft_object *generator, weft_object *sent) {
  if (sent) {
    weft_generator_set_cell(generator, 0, sent);
    return WEFT_NONE;
  }
  weft__add_acq_rel(&cleanups, 1u);
  return NULL;
}

GcTest(generator_death, GEN_003_one_that_was_sent_to_itself_is_collected_and_cleans_up) {
  weft_object *generator = with_cell(keeps_sent);
  cr_assert_eq(weft_next(generator), WEFT_NONE);
  cr_assert_eq(weft_generator_send(generator, generator), WEFT_NONE);
  cr_assert_geq(weft_refcount(generator), 2);
  weft_auto weft_object *ref = weft_weakref_new(generator, NULL);
  weft_decref(generator);
  cr_assert(cleanups == 0 && weft_weakref_is_dead(ref) == 0);
  cr_assert_eq(weft_gc_collect(2), 1);
  cr_assert(cleanups == 1 && weft_weakref_is_dead(ref) == 1);
  cr_assert_eq(length_and_drop(weft_gc_garbage()), 0);
  blocks_left_on_purpose += 1; /* the list of what is kept */
}

GcTest(generator_death, a_new_one_in_a_cycle_is_collected_without_its_body) {
  weft_auto weft_object *list = weft_list_new(), *generator = weft_generator_new("g", cleaning, 1, &list, 0, NULL);
  weft_list_append(list, generator);
  weft_clear(&generator);
  weft_clear(&list);
  cr_assert_eq(weft_gc_collect(2), 2);
  cr_assert(bodies == 0 && cleanups == 0);
}

/* What it returned leads to itself. */
static weft_object *returns_itself(weft_object *generator, weft_object *sent) {
  return sent ? weft_generator_return(generator, generator) : NULL;
}

GcTest(generator_death, one_that_returned_itself_is_collected) {
  weft_object *generator = plain_generator(returns_itself);
  cr_assert(is_at_end(generator) && weft_refcount(generator) == 2);
  weft_decref(generator);
  cr_assert_eq(weft_gc_collect(2), 1);
}

GcTest(generator_death, the_collector_sees_cells_and_nothing_of_a_finished_one) {
  weft_auto weft_object *list = weft_list_new(), *generator = weft_generator_new("g", cleaning, 1, &list, 0, NULL);
  weft_auto weft_object *referents = weft_gc_get_referents(1, &generator);
  cr_assert_eq(weft_contains(referents, list), 1);
  cr_assert_eq(weft_gc_is_tracked(generator), 1);
  cr_assert_eq(weft_generator_close(generator), WEFT_NONE);
  weft_auto weft_object *after = weft_gc_get_referents(1, &generator);
  cr_assert_eq(weft_contains(after, list), 0);
}

/* Collects while it executes. */
static weft_object *collects(weft_object *generator, weft_object *sent) {
  if (!sent) return NULL;
  weft_auto weft_object *ring = ring_new(3, false);
  weft_generator_set_cell(generator, 0, ring);
  return INT(weft_gc_collect(2));
}

GcTest(generator_death, what_an_executing_one_keeps_is_not_collected) {
  weft_auto weft_object *generator = with_cell(collects);
  cr_assert_eq(value_of(weft_next(generator)), 0);
  cr_assert_eq(value_of(weft_next(generator)), 3); /* of the first time */
  weft_clear(&generator);
  cr_assert_eq(weft_gc_collect(2), 3);
}

/* In a collection: the generators among all objects, which are whole. */
struct seen {
  weft_object *cell;
  int collections;
  int64_t most;
};
static void see_generators(enum weft_gc_phase phase, const weft_gc_info *info, void *seen_) {
  (void)info;
  struct seen *s = seen_;
  if (phase != WEFT_GC_START) return;
  weft_auto weft_object *all = weft_gc_get_objects(-1);
  int64_t generators = 0;
  for (int64_t i = 0; i < weft_list_length(all); i++) {
    weft_auto weft_object *o = weft_list_get(all, i);
    if (!weft_generator_check(o)) continue;
    weft_auto weft_object *text = weft_repr(o), *referents = weft_gc_get_referents(1, &o);
    cr_assert(text && strncmp(weft_str_utf8(text, NULL), "<generator object whole at", 26) == 0);
    cr_assert_eq(weft_contains(referents, s->cell), 1);
    generators++;
  }
  s->collections++;
  s->most = generators > s->most ? generators : s->most;
}

GcTest(generator_death, GEN_011_a_collection_while_one_is_made_sees_no_half_made_one) {
  enum { MANY = 100 };
  struct seen s = {.cell = probe_new()};
  static weft_object *made[MANY];
  weft_gc_set_threshold((uint32_t[]){1, 10, 10});
  cr_assert_eq(weft_gc_add_callback(see_generators, &s), 0);
  weft_gc_enable();
  for (int i = 0; i < MANY; i++) made[i] = weft_generator_new("whole", cleaning, 1, &s.cell, 0, NULL);
  weft_gc_disable();
  cr_assert_eq(weft_gc_remove_callback(see_generators, &s), 0);
  cr_assert(s.collections >= MANY / 4 && s.most >= MANY / 2, "%d, %d", s.collections, (int)s.most);
  for (int i = 0; i < MANY; i++) weft_decref(made[i]);
  weft_decref(s.cell);
}

/* --- Many --- */

GcTest(generator_death, a_chain_of_a_hundred_thousand_dies_each_with_its_cleanup) {
  enum { LONG = 100000 };
  weft_object *chain = WEFT_NONE;
  for (int i = 0; i < LONG; i++) chain = begun_with(chain);
  weft_decref(chain);
  cr_assert_eq(cleanups, LONG);
}

static void step_drops_chain(void *chain) { weft_decref(chain); }

GcTest(generator_death, a_long_chain_dies_on_a_small_stack) {
  enum { LONG = 10000 };
  weft_object *chain = WEFT_NONE;
  for (int i = 0; i < LONG; i++) chain = begun_with(chain);
  on_small_stack(SANITIZED ? 8 << 20 : 256 << 10, step_drops_chain, chain);
  weft_poll();
  cr_assert_eq(cleanups, LONG);
}
