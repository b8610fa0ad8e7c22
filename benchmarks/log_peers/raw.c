// The floor that everybody stands on: events written to a plain file and synced with fdatasync, no protocol, no index.
//
//   raw write  --folder DIR --writers N --events M --seconds S --prepared 0|1
//   raw replay --folder DIR --events M
//
// N writers that always have one event waiting, and one flusher that takes all that wait: one write, one fdatasync,
// all are acknowledged. Writers are entries in an array, not threads, so that no wake-up is paid: this is the most that
// a group commit of N can give on this disk. With --prepared 1 the file is filled with zeros and synced beforehand, so
// that a sync has no new file size and no new blocks to record.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver.h"

enum { CHUNK = 1 << 20 };

static int open_file(const char *folder, int flags) {
  char path[4096];
  snprintf(path, sizeof path, "%s/raw.log", folder);
  const int file = open(path, flags, 0644);
  if (file < 0) fail("cannot open %s", path);
  return file;
}

static void put(int file, const char *bytes, size_t count) {
  while (count) {
    const ssize_t written = write(file, bytes, count);
    if (written < 0) fail("cannot write");
    bytes += written;
    count -= (size_t)written;
  }
}

static void prepare(int file, long bytes) {
  char *zeros = calloc(1, CHUNK);
  for (long at = 0; at < bytes; at += CHUNK) put(file, zeros, CHUNK);
  free(zeros);
  if (fsync(file) || lseek(file, 0, SEEK_SET)) fail("cannot prepare the file");
}

static void write_all(const char *folder, long writers, bool prepared, struct meter *meter) {
  const int file = open_file(folder, O_CREAT | O_TRUNC | O_WRONLY);
  if (prepared) prepare(file, meter->limit * EVENT_BYTES);
  if (fsync(file)) fail("cannot sync");
  char *batch = malloc((size_t)writers * EVENT_BYTES);
  for (;;) {
    long count = 0, first = meter->begun;
    while (count < writers && meter_begin(meter) >= 0) {
      event_write(batch + count * EVENT_BYTES, first + count);
      count++;
    }
    if (!count) break;
    put(file, batch, (size_t)count * EVENT_BYTES);
    if (fdatasync(file)) fail("cannot sync");
    for (long i = 0; i < count; i++) meter_done(meter, first + i);
  }
  close(file);
  meter_report(meter);
}

static void replay(const char *folder, long events) {
  const int file = open_file(folder, O_RDONLY);
  struct seen seen = seen_make(events);
  char *events_read = malloc(EVENT_BYTES * 2000);
  const double started = now();
  ssize_t count;
  while ((count = read(file, events_read, EVENT_BYTES * 2000)) > 0) {
    const char *end = events_read + count, *at = events_read;
    for (long number; (number = event_next(at, end, &at)) >= 0;) seen_add(&seen, number);
  }
  const double seconds = now() - started;
  if (seen.distinct != events) fail("%ld of %ld events were read", seen.distinct, events);
  report(events, seconds, NULL, 0, "");
}

int main(int count, char **arguments) {
  const char *folder = option_text(count, arguments, "--folder");
  if (count > 1 && !strcmp(arguments[1], "replay")) {
    replay(folder, option_number(count, arguments, "--events", 0));
  } else {
    struct meter meter = meter_make(count, arguments);
    write_all(folder, option_number(count, arguments, "--writers", 1), option_number(count, arguments, "--prepared", 0),
              &meter);
  }
}
