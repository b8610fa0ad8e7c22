// Buffered connections to a server on this machine, and one loop over many of them: one thread, no wake-ups.
#pragma once

#include <stddef.h>

struct connection {
  int socket;
  int number;
  char *in;
  size_t in_count, in_room;
  char *out;
  size_t out_count, out_room;
};

struct loop {
  int epoll;
};

struct loop loop_make(void);
// A connection number `number` to 127.0.0.1:port, without delay, that the loop watches.
struct connection *loop_connect(struct loop *loop, int port, int number);

// Waits until something arrived and calls `arrived` for each connection whose `in` grew. Fails when nobody says
// anything for 60 s, or when the server closes.
void loop_turn(struct loop *loop, void (*arrived)(struct connection *, void *), void *context);

void put(struct connection *connection, const void *bytes, size_t count);
void put_text(struct connection *connection, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Sends what was put; what the socket does not take now goes out during later turns.
void flush(struct loop *loop, struct connection *connection);
// Forgets the first `count` bytes of `in`.
void drop(struct connection *connection, size_t count);
