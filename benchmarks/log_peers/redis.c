// Redis Streams: XADD of one event, acknowledged by its reply.
//
//   redis write --port P --writers N --connections C --events M --seconds S
//
// N writers share C connections: with C = N each has its own and one command under way, with fewer the commands of
// those who share one are pipelined.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "net.h"

// Numbers of the commands under way on one connection, oldest first: replies come in that order.
struct lane {
  long *numbers;
  long first, count;
};

struct bench {
  struct loop loop;
  struct meter meter;
  struct lane *lanes;
  long depth;
  bool ended;
};

static void send_next(struct bench *bench, struct connection *connection) {
  const long number = meter_begin(&bench->meter);
  bench->ended = bench->ended || number < 0;
  if (number < 0) return;
  struct lane *lane = &bench->lanes[connection->number];
  lane->numbers[(lane->first + lane->count++) % bench->depth] = number;
  char event[EVENT_BYTES];
  event_write(event, number);
  put_text(connection, "*5\r\n$4\r\nXADD\r\n$6\r\nevents\r\n$1\r\n*\r\n$1\r\ne\r\n$%d\r\n", EVENT_BYTES);
  put(connection, event, sizeof event);
  put(connection, "\r\n", 2);
}

// The length of the whole reply at the start of `text`; 0 while it is not whole. A reply is `$15\r\n<id>\r\n`.
static size_t reply_length(const char *text, size_t count) {
  const char *end = memchr(text, '\n', count);
  if (!end) return 0;
  if (*text != '$') fail("Redis answered %.*s", (int)(end - text), text);
  const size_t whole = (size_t)(end - text) + 1 + (size_t)atol(text + 1) + 2;
  return whole <= count ? whole : 0;
}

static void arrived(struct connection *connection, void *context) {
  struct bench *bench = context;
  struct lane *lane = &bench->lanes[connection->number];
  size_t used = 0, length;
  while (used < connection->in_count && (length = reply_length(connection->in + used, connection->in_count - used))) {
    used += length;
    meter_done(&bench->meter, lane->numbers[lane->first]);
    lane->first = (lane->first + 1) % bench->depth;
    lane->count--;
    send_next(bench, connection);
  }
  drop(connection, used);
  flush(&bench->loop, connection);
}

int main(int count, char **arguments) {
  const int port = (int)option_number(count, arguments, "--port", 0);
  const long writers = option_number(count, arguments, "--writers", 1);
  const int connections = (int)option_number(count, arguments, "--connections", writers);
  struct bench bench = {.loop = loop_make(), .meter = meter_make(count, arguments)};
  bench.depth = (writers + connections - 1) / connections;
  bench.lanes = calloc((size_t)connections, sizeof *bench.lanes);
  struct connection **all = calloc((size_t)connections, sizeof *all);
  for (int i = 0; i < connections; i++) {
    all[i] = loop_connect(&bench.loop, port, i);
    bench.lanes[i].numbers = calloc((size_t)bench.depth, sizeof(long));
  }
  for (long i = 0; i < writers; i++) send_next(&bench, all[i % connections]);
  for (int i = 0; i < connections; i++) flush(&bench.loop, all[i]);
  while (!meter_is_over(&bench.meter, bench.ended)) loop_turn(&bench.loop, arrived, &bench);
  meter_report(&bench.meter);
}
