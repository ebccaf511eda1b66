/* SPDX-License-Identifier: MIT */
/*
 * What stands in for libgit2 while unit tests run.
 *
 * Criterion runs each test in a process of its own, and each of them initialises libgit2, for the colours of a diff
 * that none of our assertions prints. libgit2 brings twenty libraries, and reads all certificates that the system
 * trusts: most of what a small test takes (11 ms of CPU time, 4 without; with ThreadSanitizer 48, 22 without). This is
 * built under the name of the library that Criterion asks for, in a directory that only run-unit.sh's programs are told
 * of. Where Criterion asks for another name, it finds its libgit2.
 */
int git_libgit2_init(void);
int git_libgit2_shutdown(void);
int git_diff_buffers(void);

int git_libgit2_init(void) { return 1; }
int git_libgit2_shutdown(void) { return 0; }
int git_diff_buffers(void) { return -1; }
