#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "driver.h"

enum { SILENCE_MS = 60000, READY_AT_ONCE = 256 };

struct loop loop_make(void) {
  const struct loop loop = {epoll_create1(0)};
  if (loop.epoll < 0) fail("epoll: %s", strerror(errno));
  return loop;
}

static void watch(struct loop *loop, struct connection *connection, int operation, unsigned what) {
  struct epoll_event event = {.events = what, .data.ptr = connection};
  if (epoll_ctl(loop->epoll, operation, connection->socket, &event)) fail("epoll: %s", strerror(errno));
}

struct connection *loop_connect(struct loop *loop, int port, int number) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  struct connection *connection = calloc(1, sizeof *connection);
  connection->number = number;
  connection->socket = socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address))
    fail("connection %d to port %d: %s", number, port, strerror(errno));
  fcntl(connection->socket, F_SETFL, O_NONBLOCK);
  watch(loop, connection, EPOLL_CTL_ADD, EPOLLIN);
  return connection;
}

static void grow(char **bytes, size_t *room, size_t needed) {
  if (needed <= *room) return;
  while (*room < needed) *room = *room ? *room * 2 : 4096;
  *bytes = realloc(*bytes, *room);
  if (!*bytes) fail("no memory for a buffer of %zu bytes", *room);
}

void put(struct connection *connection, const void *bytes, size_t count) {
  grow(&connection->out, &connection->out_room, connection->out_count + count);
  memcpy(connection->out + connection->out_count, bytes, count);
  connection->out_count += count;
}

void put_text(struct connection *connection, const char *format, ...) {
  char text[2000];
  va_list values;
  va_start(values, format);
  const int count = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  if (count < 0 || count >= (int)sizeof text) fail("a request is too long");
  put(connection, text, (size_t)count);
}

void flush(struct loop *loop, struct connection *connection) {
  size_t sent = 0;
  while (sent < connection->out_count) {
    const ssize_t count = write(connection->socket, connection->out + sent, connection->out_count - sent);
    if (count < 0 && errno != EAGAIN) fail("connection %d: %s", connection->number, strerror(errno));
    if (count < 0) break;
    sent += (size_t)count;
  }
  connection->out_count -= sent;
  memmove(connection->out, connection->out + sent, connection->out_count);
  if (connection->out_count) watch(loop, connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

void drop(struct connection *connection, size_t count) {
  connection->in_count -= count;
  memmove(connection->in, connection->in + count, connection->in_count);
}

static void receive(struct connection *connection) {
  grow(&connection->in, &connection->in_room, connection->in_count + 4096);
  const size_t room = connection->in_room - connection->in_count;
  const ssize_t count = read(connection->socket, connection->in + connection->in_count, room);
  if (count == 0) fail("the server closed connection %d", connection->number);
  if (count < 0 && errno != EAGAIN) fail("connection %d: %s", connection->number, strerror(errno));
  if (count <= 0) return;
  connection->in_count += (size_t)count;
  // A full buffer says that more is waiting: read it in larger pieces from now on.
  if ((size_t)count == room) grow(&connection->in, &connection->in_room, connection->in_room + 1);
}

void loop_turn(struct loop *loop, void (*arrived)(struct connection *, void *), void *context) {
  struct epoll_event ready[READY_AT_ONCE];
  const int count = epoll_wait(loop->epoll, ready, READY_AT_ONCE, SILENCE_MS);
  if (count < 0 && errno != EINTR) fail("epoll: %s", strerror(errno));
  if (count == 0) fail("the server was silent for %d s", SILENCE_MS / 1000);
  for (int i = 0; i < count; i++) {
    struct connection *connection = ready[i].data.ptr;
    if (ready[i].events & EPOLLOUT) {
      watch(loop, connection, EPOLL_CTL_MOD, EPOLLIN);
      flush(loop, connection);
    }
    if (ready[i].events & ~(unsigned)EPOLLOUT) {
      receive(connection);
      arrived(connection, context);
    }
  }
}
