/* SPDX-License-Identifier: MIT */
/*
 * Native work: a hash over a large buffer touches no object, so it may run with the lock released, and then two threads
 * do it in parallel under a GIL too. The hash is SHA-256 (FIPS 180-4), plainly written.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "demos/threading.h"

/* --- SHA-256 --- */

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void schedule(uint32_t w[64], const uint8_t block[64]) {
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + a + w[i - 7] + b;
  }
}

static void compress(uint32_t state[8], const uint8_t block[64]) {
  uint32_t w[64], s[8];
  schedule(w, block);
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t sum1 = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
    uint32_t t1 = s[7] + sum1 + ((s[4] & s[5]) ^ (~s[4] & s[6])) + round_constants[i] + w[i];
    uint32_t sum0 = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
    uint32_t t2 = sum0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += t1;
    s[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) state[i] += s[i];
}

/* The first four bytes of the digest: enough to see that it is right. */
static uint32_t sha256_head(const uint8_t *data, size_t size) {
  uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint8_t tail[128] = {0};
  size_t whole = size / 64 * 64, rest = size - whole, padded = rest < 56 ? 64 : 128;
  for (size_t i = 0; i < whole; i += 64) compress(state, data + i);
  memcpy(tail, data + whole, rest);
  tail[rest] = 0x80;
  for (int i = 0; i < 8; i++) tail[padded - 1 - (size_t)i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
  for (size_t i = 0; i < padded; i += 64) compress(state, tail + i);
  return state[0];
}

/* --- GIL-11 --- */

enum { DATA_SIZE = 8 << 20 };
static uint8_t *data;
static uint32_t expected;

static weft_object *verdict_of(uint32_t head) {
  return head == expected ? WEFT_NONE : weft_raise(&weft_ValueError, "wrong digest");
}

static weft_object *hash_released(size_t index, void *arg) {
  uint32_t head;
  (void)index, (void)arg;
  WEFT_BEGIN_ALLOW_THREADS
  head = sha256_head(data, DATA_SIZE);
  WEFT_END_ALLOW_THREADS
  return verdict_of(head);
}

static weft_object *hash_held(size_t index, void *arg) {
  (void)index, (void)arg;
  return verdict_of(sha256_head(data, DATA_SIZE));
}

static bool hash_twice(void *arg) { return hash_held(0, arg) && hash_held(1, arg); }
static bool hash_in_threads_released(void *arg) { return run_threads(2, hash_released, arg, NULL); }
static bool hash_in_threads_held(void *arg) { return run_threads(2, hash_held, arg, NULL); }

static void report_native_call(void) {
  bool gil = weft_gil_enabled();
  struct comparison released = {hash_twice, hash_in_threads_released, .high = 0.65, .needs_two_cores = true};
  struct comparison held = {hash_twice, hash_in_threads_held, .low = gil ? 0.9 : 0, .high = gil ? INFINITY : 0.65,
                            .needs_two_cores = true};
  struct outcome o = timing_compare(&held);
  timing_report(NULL, gil ? "two threads that keep the lock" : "two threads that stay attached", &held, &o);
  bool held_as_expected = o.verdict == HOLDS || (!gil && o.verdict != BROKEN);
  bool unknown = gil && o.verdict == NOT_CHECKED;
  o = timing_compare(&released);
  figure_put("native-threads", &o);
  if (unknown) tap_skip("GIL-11", "fewer than 2 idle cores");
  if (held_as_expected)
    timing_report("GIL-11",
                  gil ? "two threads that release the lock around the hash" : "two threads that detach for it",
                  &released, &o);
}

void show_native_call(void) {
  tap_title("Native calls: SHA-256 of %d MiB, twice", DATA_SIZE >> 20);
  data = malloc(DATA_SIZE);
  bool right = data && sha256_head((const uint8_t *)"abc", 3) == 0xba7816bf;
  if (tap_check(right, NULL, "the hash is right: sha256(\"abc\") begins with ba7816bf")) {
    for (size_t i = 0; i < DATA_SIZE; i++) data[i] = (uint8_t)(i * 31 >> 3);
    expected = sha256_head(data, DATA_SIZE);
    report_native_call();
  }
  free(data);
}
