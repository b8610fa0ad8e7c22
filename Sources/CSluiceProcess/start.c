#define _GNU_SOURCE
#include "CSluiceProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

// As in linux/sched.h, which older systems have without these.
struct clone_order {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
#define FLAG_VM 0x00000100ULL
#define FLAG_PIDFD 0x00001000ULL
#define FLAG_VFORK 0x00004000ULL
#define FLAG_INTO_CGROUP 0x200000000ULL

/// What the child, which shares this memory until its program begins, is told and says.
struct child_order {
  const struct csluice_order *order;
  volatile int stage;
  volatile int error;
};

static void fail(struct child_order *child, int stage) {
  child->error = errno;
  child->stage = stage;
  _exit(127);
}

/// What the child does. It must change nothing of the memory but what it is told, and has all signals blocked.
static void become(void *context) {
  struct child_order *child = context;
  const struct csluice_order *order = child->order;
  setsid();
  // Who has a mark keeps it. By the other marks it is found where this is refused.
  struct rlimit time;
  if (order->mark != 0 && getrlimit(RLIMIT_RTTIME, &time) == 0 && time.rlim_max == RLIM_INFINITY) {
    time.rlim_max = order->mark;
    if (time.rlim_cur > time.rlim_max) time.rlim_cur = time.rlim_max;
    setrlimit(RLIMIT_RTTIME, &time);
  }
  // Who is ignored stays so in a new program; and a handler of ours must not run in the child.
  struct sigaction usual, now;
  memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < 32; number++) {
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_DFL) sigaction(number, &usual, NULL);
  }
  // Out of the way of the three.
  int input = order->input > 2 ? order->input : fcntl(order->input, F_DUPFD, 3);
  int output = order->output > 2 ? order->output : fcntl(order->output, F_DUPFD, 3);
  if (input < 0 || output < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) {
    fail(child, CSLUICE_CLONE);
  }
  syscall(SYS_close_range, 3U, ~0U, 0U);
  if (chdir(order->folder) != 0) fail(child, CSLUICE_FOLDER);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(order->program, order->arguments, order->environment);
  fail(child, CSLUICE_PROGRAM);
}

/// `clone3` with a stack of the child's own, so that it cannot touch the frames of the one who waits for it.
static long clone_onto(struct clone_order *how, void (*run)(void *), void *context) {
#if defined(__x86_64__)
  long result;
  register void (*kept_run)(void *) __asm__("r12") = run;
  register void *kept_context __asm__("r13") = context;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "0"((long)SYS_clone3), "D"(how), "S"(sizeof *how), "r"(kept_run), "r"(kept_context)
      : "rcx", "r11", "memory", "cc");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_clone3;
  register long first __asm__("x0") = (long)how;
  register long second __asm__("x1") = sizeof *how;
  register void (*kept_run)(void *) __asm__("x9") = run;
  register void *kept_context __asm__("x10") = context;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x0, x10\n\t"
      "blr x9\n\t"
      "brk #1\n"
      "1:"
      : "+r"(first)
      : "r"(number), "r"(second), "r"(kept_run), "r"(kept_context)
      : "x30", "memory", "cc");
  return first;
#else
  (void)how, (void)run, (void)context;
  return -ENOSYS;
#endif
}

/// - Returns: the process's number, or less than 0 with what failed.
static long start_cloned(struct child_order *child, int group, int *descriptor) {
  char stack[64 * 1024] __attribute__((aligned(16)));
  struct clone_order how;
  memset(&how, 0, sizeof how);
  how.flags = FLAG_VM | FLAG_VFORK | FLAG_PIDFD | (group >= 0 ? FLAG_INTO_CGROUP : 0);
  how.pidfd = (uintptr_t)descriptor;
  how.exit_signal = SIGCHLD;
  how.stack = (uintptr_t)stack;
  how.stack_size = sizeof stack;
  how.cgroup = group >= 0 ? (uint64_t)group : 0;
  return clone_onto(&how, become, child);
}

/// Where there is no `clone3`, or none may be used.
static long start_forked(struct child_order *child, int *descriptor) {
  pid_t process = vfork();
  if (process == 0) become(child);
  if (process < 0) return -errno;
  *descriptor = (int)syscall(SYS_pidfd_open, process, 0U);
  return process;
}

bool csluice_may_fork(int error) {
  switch (error) {
  case ENOSYS:
  // What filters of system calls answer: some containers let nobody call it.
  case EPERM:
  case EACCES:
  // What kernels and emulations answer that know it with less in its order, or without some of what this asks for.
  case EINVAL:
  case E2BIG:
  case EOPNOTSUPP:
    return true;
  // Too many processes, or no memory: a fork is refused as well.
  default:
    return false;
  }
}

struct csluice_child csluice_start(const struct csluice_order *order) {
  struct csluice_child made = {-1, -1, CSLUICE_STARTED, 0};
  struct child_order child = {order, CSLUICE_STARTED, 0};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  long process = start_cloned(&child, order->group, &made.descriptor);
  // Of one that was to enter a group the caller decides how else.
  if (process < 0 && order->group < 0 && csluice_may_fork((int)-process)) process = start_forked(&child, &made.descriptor);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (process < 0) {
    made.stage = CSLUICE_CLONE;
    made.error = (int)-process;
    return made;
  }
  if (child.stage != CSLUICE_STARTED) {
    int status;
    while (waitpid((pid_t)process, &status, 0) < 0 && errno == EINTR) {
    }
    if (made.descriptor >= 0) close(made.descriptor);
    made.descriptor = -1;
    made.stage = child.stage;
    made.error = child.error;
    return made;
  }
  made.process = (pid_t)process;
  return made;
}

int csluice_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int csluice_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

void csluice_set_timer(int timer, long milliseconds) {
  struct itimerspec when;
  memset(&when, 0, sizeof when);
  if (milliseconds >= 0) {
    when.it_value.tv_sec = milliseconds / 1000;
    when.it_value.tv_nsec = milliseconds % 1000 * 1000000L;
    if (milliseconds == 0) when.it_value.tv_nsec = 1;
  }
  timerfd_settime(timer, 0, &when, NULL);
}

int csluice_reap(pid_t process, int *status) {
  pid_t found;
  do {
    found = waitpid(process, status, 0);
  } while (found < 0 && errno == EINTR);
  return found == process ? 0 : -1;
}
