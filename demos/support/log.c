/* SPDX-License-Identifier: MIT */
#include "demos/support/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demos/support/tap.h"

static char text[512];
static const weft_type *resource_type;
static int alive;
void (*resource_on_finalize)(weft_object *self);

/* --- The log --- */

void log_clear(void) { text[0] = 0; }
const char *log_text(void) { return text; }
bool log_is(const char *words) { return strcmp(text, words) == 0; }

void log_event(const char *word) {
  size_t used = strlen(text);
  snprintf(text + used, sizeof text - used, "%s%s", used ? " " : "", word);
}

bool log_check(const char *row, const char *expected, const char *claim) {
  tap_say("events: %s", text);
  return tap_check(log_is(expected), row, "%s", claim);
}

/* In the child. */
static void live_and_tell(void (*live)(void), int to) {
  log_clear();
  live();
  weft_finalize();
  _exit(write(to, text, sizeof text) == sizeof text ? 0 : 1);
}

bool log_of_a_life(void (*live)(void)) {
  int ends[2], status = -1;
  if (pipe(ends) != 0) return false;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) live_and_tell(live, ends[1]);
  close(ends[1]);
  bool told = pid > 0 && read(ends[0], text, sizeof text) == sizeof text;
  close(ends[0]);
  if (pid > 0) waitpid(pid, &status, 0);
  return told && status == 0;
}

/* --- Resources --- */

static void log_resource(char what, weft_object *resource) {
  char word[32];
  weft_auto weft_object *name = weft_slot_get(resource, RESOURCE_NAME);
  snprintf(word, sizeof word, "%c%s", what, name ? weft_str_utf8(name, NULL) : "?");
  log_event(word);
}

static void resource_finalize(weft_object *self) {
  alive--;
  log_resource('D', self);
  if (resource_on_finalize) resource_on_finalize(self);
}

bool log_init(void) {
  static const char *const slots[] = {"name", "link", NULL};
  resource_type = weft_type_new(&(weft_type_spec){
      .name = "Resource", .flags = WEFT_TYPE_WEAK, .slot_names = slots, .finalize = resource_finalize});
  return resource_type;
}

weft_object *resource_new(const char *name) {
  weft_object *o = weft_instance_new(resource_type);
  weft_auto weft_object *its_name = weft_str_new(name);
  if (!o || !its_name || weft_slot_set(o, RESOURCE_NAME, its_name) < 0) abort();
  alive++;
  log_resource('C', o);
  return o;
}

weft_object *resource_in_cycle(const char *name) {
  weft_object *o = resource_new(name);
  weft_slot_set(o, RESOURCE_LINK, o);
  return o;
}

int resources_alive(void) { return alive; }
