// What every driver shares: the event, the options, the meter and the line that it prints.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { EVENT_BYTES = 500, NUMBER_DIGITS = 10 };

// Writes event `number`, exactly EVENT_BYTES long and without a terminating zero. Only its id differs from the others.
void event_write(char *place, long number);

// The number of the next event that begins in `text`; -1 where none is whole. `*rest` is behind its id then.
long event_next(const char *text, const char *end, const char **rest);

// Values of `--name value` options; the second one fails where the option is absent.
long option_number(int count, char **arguments, const char *name, long otherwise);
const char *option_text(int count, char **arguments, const char *name);

// Prints {"error": …} and exits with 1.
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

double now(void);

// Hands out events to writers until there are enough of them or time is up, and keeps how long each took.
struct meter {
  long limit;
  double seconds;
  long begun;
  long done;
  double started;
  double ended;
  double *began;
  float *took;
};

// At most `--events`, and none is begun later than `--seconds` after the first (0: no such end).
struct meter meter_make(int count, char **arguments);

// The number of an event to write now; -1 when no more are to be begun.
long meter_begin(struct meter *meter);

// Event `number` was acknowledged.
void meter_done(struct meter *meter, long number);

static inline bool meter_is_over(const struct meter *meter, bool ended) { return ended && meter->done == meter->begun; }

// Sorts `took`, `count` long, and prints the line; `extra` is appended to the object (`,"name":1`) or empty.
void report(long events, double seconds, float *took, long count, const char *extra);
void meter_report(struct meter *meter);

// Which numbers one consumer has seen.
struct seen {
  unsigned char *bits;
  long capacity;
  long distinct;
  long repeated;
};

struct seen seen_make(long capacity);
bool seen_add(struct seen *seen, long number);
