// PostgreSQL: one row per transaction, through libpq, with a prepared INSERT.
//
//   postgres write --port P --writers N --connections C --events M --seconds S
//
// N writers share C connections as clients of a pool do: each event waits for a free connection, and the wait counts.
// One thread drives all connections without blocking.
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "driver.h"

enum { READY_AT_ONCE = 256, SILENCE_MS = 60000 };

struct client {
  PGconn *connection;
  long number;
};

struct bench {
  struct meter meter;
  struct client **idle;
  long idle_count;
  // Events that wait for a connection are the last ones begun, so that the next to send says which they are.
  long next;
};

static void check(PGconn *connection, PGresult *result, ExecStatusType wanted) {
  if (PQresultStatus(result) != wanted) fail("PostgreSQL: %s", PQerrorMessage(connection));
  PQclear(result);
}

static PGconn *open_connection(int port) {
  char where[200];
  snprintf(where, sizeof where, "host=127.0.0.1 port=%d user=bench dbname=postgres", port);
  PGconn *connection = PQconnectdb(where);
  if (PQstatus(connection) != CONNECTION_OK) fail("PostgreSQL: %s", PQerrorMessage(connection));
  return connection;
}

static void send_waiting(struct bench *bench) {
  char event[EVENT_BYTES];
  const char *const values[] = {event};
  const int lengths[] = {EVENT_BYTES}, formats[] = {1};
  while (bench->idle_count && bench->next < bench->meter.begun) {
    struct client *client = bench->idle[--bench->idle_count];
    client->number = bench->next++;
    event_write(event, client->number);
    if (!PQsendQueryPrepared(client->connection, "add", 1, values, lengths, formats, 0) || PQflush(client->connection))
      fail("PostgreSQL: %s", PQerrorMessage(client->connection));
  }
}

static void arrived(struct bench *bench, struct client *client) {
  if (!PQconsumeInput(client->connection)) fail("PostgreSQL: %s", PQerrorMessage(client->connection));
  while (client->number >= 0 && !PQisBusy(client->connection)) {
    PGresult *result = PQgetResult(client->connection);
    if (result) {
      check(client->connection, result, PGRES_COMMAND_OK);
    } else {
      meter_done(&bench->meter, client->number);
      client->number = -1;
      bench->idle[bench->idle_count++] = client;
      meter_begin(&bench->meter);
    }
  }
}

int main(int count, char **arguments) {
  const int port = (int)option_number(count, arguments, "--port", 0);
  const long writers = option_number(count, arguments, "--writers", 1);
  const long connections = option_number(count, arguments, "--connections", writers);
  struct bench bench = {.meter = meter_make(count, arguments)};
  const int epoll = epoll_create1(0);
  bench.idle = calloc((size_t)connections, sizeof *bench.idle);
  for (long i = 0; i < connections; i++) {
    struct client *client = calloc(1, sizeof *client);
    client->connection = open_connection(port);
    client->number = -1;
    if (i == 0) {
      check(client->connection, PQexec(client->connection, "DROP TABLE IF EXISTS log"), PGRES_COMMAND_OK);
      check(client->connection,
            PQexec(client->connection, "CREATE TABLE log (position bigserial PRIMARY KEY, event text NOT NULL)"),
            PGRES_COMMAND_OK);
    }
    check(client->connection,
          PQprepare(client->connection, "add", "INSERT INTO log (event) VALUES ($1)", 1, (const Oid[]){25}),
          PGRES_COMMAND_OK);
    PQsetnonblocking(client->connection, 1);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, PQsocket(client->connection), &event)) fail("epoll refused a connection");
    bench.idle[bench.idle_count++] = client;
  }
  for (long i = 0; i < writers; i++) meter_begin(&bench.meter);
  send_waiting(&bench);
  while (bench.meter.done < bench.meter.begun) {
    struct epoll_event ready[READY_AT_ONCE];
    const int found = epoll_wait(epoll, ready, READY_AT_ONCE, SILENCE_MS);
    if (found <= 0) fail("the server was silent for %d s", SILENCE_MS / 1000);
    for (int i = 0; i < found; i++) arrived(&bench, ready[i].data.ptr);
    send_waiting(&bench);
  }
  meter_report(&bench.meter);
}
