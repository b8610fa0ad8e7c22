// Starting a process of Linux in a session and a control group of its own, which neither Swift nor posix_spawn can do.
// Source: ADR 0025; clone(2), vfork(2), pidfd_open(2).
#ifndef CSLUICEPROCESS_H
#define CSLUICEPROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// What is to be started. Nothing of it is kept.
struct csluice_order {
  /// A path; one that is not absolute is seen from the folder.
  const char *program;
  /// Both end with a null pointer.
  char *const *arguments;
  char *const *environment;
  const char *folder;
  /// What it reads; and what it writes to, on both channels.
  int input;
  int output;
  /// The open folder of a control group of version 2; -1 for that of this program.
  int group;
  /// What `RLIMIT_RTTIME` becomes, where that has no bound yet; 0 leaves it.
  uint64_t mark;
};

enum csluice_stage {
  CSLUICE_STARTED = 0,
  /// There is no process: too many, or this kernel cannot start one in a control group.
  CSLUICE_CLONE = 1,
  CSLUICE_FOLDER = 2,
  CSLUICE_PROGRAM = 3,
};

struct csluice_child {
  pid_t process;
  /// Of the process, closed on exec; -1 where the kernel has none (before 5.3).
  int descriptor;
  /// What failed, and as `errno` has it. Then nothing is left of the process.
  enum csluice_stage stage;
  int error;
};

/// Starts a process in a session of its own, with no signal blocked or ignored, and nothing open but its three
/// channels. Returns when its program has begun: the calling thread waits so long.
struct csluice_child csluice_start(const struct csluice_order *order);

/// Whether a start that failed with this `errno` may do without `clone3`: there is none, or somebody lets nobody call it.
bool csluice_may_fork(int error);

/// A pipe, closed on exec, that reads without waiting; -1 with `errno`.
int csluice_pipe(int ends[2]);

/// A timer that a `poll` can wait for, closed on exec; -1 with `errno`.
int csluice_timer(void);

/// Sets it off after so many milliseconds, at once for 0; never for a negative number.
void csluice_set_timer(int timer, long milliseconds);

/// Takes the status of a process of ours that has ended, as `waitpid` has it; -1 where somebody else took it.
int csluice_reap(pid_t process, int *status);

#endif
