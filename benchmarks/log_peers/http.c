// Sluice over HTTP/1.1 with kept connections, one request under way on each.
//
//   http write  --port P --writers N --events M --seconds S
//   http fanout --port P --writers N --consumers K --events M --seconds S
//   http create --port P --name NAME
//   http replay --port P --name NAME --events M
//
// write: N connections, each posts one CloudEvent and waits for 200.
// fanout: the same, while K pull subscriptions receive every event, each over its own connection: pull up to 1,000,
// acknowledge the batch, pull again. It ends when the last acknowledgement was answered.
// create makes a pull subscription; replay reads through it the M events that were posted since.
// Any answer but 200 ends the run and is printed.
#define _GNU_SOURCE  // memmem, strncasecmp
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "driver.h"
#include "net.h"

enum { PULL_AT_ONCE = 1000, PULL_WAIT_SECONDS = 5, NAME_ROOM = 64 };

enum asked { NOTHING, CREATE, PULL, ACKNOWLEDGE };

struct answer {
  int status;
  size_t length;  // of the whole answer
  const char *body;
  size_t body_count;
};

// A writer or a subscriber, at its connection.
struct party {
  struct connection *connection;
  enum asked asked;
  long number;
  char name[NAME_ROOM];
  struct seen seen;
  double acknowledged_at;
  char *joined;  // the body of a chunked answer
  size_t joined_room;
};

struct bench {
  struct loop loop;
  struct meter meter;
  int port;
  bool ended;
  struct party *writers, *subscribers;
  long writer_count;
  int subscriber_count;
  long wanted;  // events that each subscriber is to see; -1 while writers are still at it
  long answered, deliveries, measured;
  float *took;
};

// --- HTTP ------------------------------------------------------------------------------------------------------------

static void request(struct bench *bench, struct party *party, const char *method, const char *path, const char *type,
                    const char *body, size_t count) {
  put_text(party->connection, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", method, path, bench->port);
  if (body) put_text(party->connection, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, count);
  put(party->connection, "\r\n", 2);
  if (body) put(party->connection, body, count);
}

static void ask_json(struct bench *bench, struct party *party, enum asked asked, const char *path, const char *body) {
  party->asked = asked;
  request(bench, party, body ? "POST" : "GET", path, "application/json", body, body ? strlen(body) : 0);
}

// Puts the chunks from `at` on together; false while they are not all there.
static bool join_chunks(struct party *party, const char *in, const char *at, const char *end, struct answer *answer) {
  size_t joined = 0;
  for (;;) {
    const char *line = memmem(at, (size_t)(end - at), "\r\n", 2);
    if (!line) return false;
    const size_t size = strtoul(at, NULL, 16);
    at = line + 2;
    if ((size_t)(end - at) < size + 2) return false;
    if (joined + size > party->joined_room) {
      party->joined_room = (joined + size) * 2;
      party->joined = realloc(party->joined, party->joined_room);
    }
    memcpy(party->joined + joined, at, size);
    joined += size;
    at += size + 2;
    if (size == 0) break;
  }
  answer->body = party->joined;
  answer->body_count = joined;
  answer->length = (size_t)(at - in);
  return true;
}

// Takes the answer at the start of `in` apart; false while it is not whole.
static bool take_apart(struct party *party, struct answer *answer) {
  const char *in = party->connection->in, *end = in + party->connection->in_count;
  const char *blank = memmem(in, (size_t)(end - in), "\r\n\r\n", 4);
  if (!blank) return false;
  answer->status = atoi(in + strlen("HTTP/1.1 "));
  size_t length = 0;
  for (const char *line = memchr(in, '\n', (size_t)(blank - in)); line && line < blank;
       line = memchr(line + 1, '\n', (size_t)(blank - line))) {
    if (!strncasecmp(line + 1, "content-length:", 15)) length = strtoul(line + 16, NULL, 10);
    if (!strncasecmp(line + 1, "transfer-encoding: chunked", 26)) return join_chunks(party, in, blank + 4, end, answer);
  }
  if ((size_t)(end - blank) - 4 < length) return false;
  answer->body = blank + 4;
  answer->body_count = length;
  answer->length = (size_t)(blank - in) + 4 + length;
  return true;
}

static void refuse_other_than_200(const char *what, const struct answer *answer) {
  if (answer->status != 200)
    fail("%s answered HTTP %d %.*s", what, answer->status, answer->body_count > 300 ? 300 : (int)answer->body_count,
         answer->body);
}

// --- writers ---------------------------------------------------------------------------------------------------------

static void post_event(struct bench *bench, struct party *party) {
  party->number = meter_begin(&bench->meter);
  bench->ended = bench->ended || party->number < 0;
  if (party->number < 0) return;
  char event[EVENT_BYTES];
  event_write(event, party->number);
  request(bench, party, "POST", "/api/v1/events", "application/cloudevents+json", event, sizeof event);
}

static void on_posted(struct bench *bench, struct party *party, const struct answer *answer) {
  refuse_other_than_200("POST /api/v1/events", answer);
  meter_done(&bench->meter, party->number);
  post_event(bench, party);
}

static void start_writers(struct bench *bench) {
  bench->writers = calloc((size_t)bench->writer_count, sizeof *bench->writers);
  for (long i = 0; i < bench->writer_count; i++)
    bench->writers[i].connection = loop_connect(&bench->loop, bench->port, (int)i);
}

static void first_posts(struct bench *bench) {
  for (long i = 0; i < bench->writer_count; i++) post_event(bench, &bench->writers[i]);
  for (long i = 0; i < bench->writer_count; i++) flush(&bench->loop, bench->writers[i].connection);
}

// --- subscribers -----------------------------------------------------------------------------------------------------

static void ask_create(struct bench *bench, struct party *party) {
  char body[200];
  snprintf(body, sizeof body, "{\"name\":\"%s\",\"types\":[\"*\"],\"kind\":\"pull\"}", party->name);
  ask_json(bench, party, CREATE, "/api/v1/subscriptions", body);
}

static void ask_pull(struct bench *bench, struct party *party) {
  char path[200];
  snprintf(path, sizeof path, "/api/v1/subscriptions/%s/pull?limit=%d&wait=%d", party->name, PULL_AT_ONCE,
           PULL_WAIT_SECONDS);
  ask_json(bench, party, PULL, path, NULL);
}

// Acknowledges the batch of a pull; false where nothing came.
static bool ask_acknowledge(struct bench *bench, struct party *party, const struct answer *answer) {
  static const char key[] = "\"batch\":\"";
  const char *batch = memmem(answer->body, answer->body_count, key, strlen(key));
  if (!batch) return false;
  batch += strlen(key);
  const char *quote = memchr(batch, '"', answer->body_count - (size_t)(batch - answer->body));
  if (!quote) fail("the batch of a pull has no end");
  if (quote == batch) return false;
  char path[200], body[300];
  snprintf(path, sizeof path, "/api/v1/subscriptions/%s/ack", party->name);
  snprintf(body, sizeof body, "{\"batch\":\"%.*s\"}", (int)(quote - batch), batch);
  ask_json(bench, party, ACKNOWLEDGE, path, body);
  return true;
}

static void on_pulled(struct bench *bench, struct party *party, const struct answer *answer) {
  refuse_other_than_200("pull", answer);
  const char *at = answer->body, *end = answer->body + answer->body_count;
  const double time = now();
  for (long number; (number = event_next(at, end, &at)) >= 0;) {
    if (!seen_add(&party->seen, number)) continue;
    bench->deliveries++;
    if (bench->took) bench->took[bench->measured++] = (float)(time - bench->meter.began[number]);
  }
  if (!ask_acknowledge(bench, party, answer)) ask_pull(bench, party);
}

// Whether a subscriber has seen and acknowledged everything: it saw the last event before it asked for anything new.
static bool has_all(const struct bench *bench, const struct party *party) {
  return bench->wanted >= 0 && party->seen.distinct >= bench->wanted && party->asked != ACKNOWLEDGE;
}

static void on_subscriber(struct bench *bench, struct party *party, const struct answer *answer) {
  if (party->asked == PULL) {
    on_pulled(bench, party, answer);
    return;
  }
  refuse_other_than_200(party->asked == CREATE ? "POST /api/v1/subscriptions" : "ack", answer);
  bench->answered++;
  const bool acknowledged = party->asked == ACKNOWLEDGE;
  party->asked = NOTHING;
  if (!acknowledged) return;
  party->acknowledged_at = now();
  if (!has_all(bench, party)) ask_pull(bench, party);
}

static void arrived(struct connection *connection, void *context) {
  struct bench *bench = context;
  const bool writes = connection->number < bench->writer_count;
  struct party *party =
      writes ? &bench->writers[connection->number] : &bench->subscribers[connection->number - bench->writer_count];
  struct answer answer;
  if (!take_apart(party, &answer)) return;
  if (writes)
    on_posted(bench, party, &answer);
  else
    on_subscriber(bench, party, &answer);
  drop(connection, answer.length);
  flush(&bench->loop, connection);
}

static void start_subscribers(struct bench *bench, const char *name, bool create) {
  bench->subscribers = calloc((size_t)bench->subscriber_count, sizeof *bench->subscribers);
  for (int i = 0; i < bench->subscriber_count; i++) {
    struct party *party = &bench->subscribers[i];
    party->connection = loop_connect(&bench->loop, bench->port, (int)bench->writer_count + i);
    party->seen = seen_make(bench->meter.limit);
    snprintf(party->name, sizeof party->name, bench->subscriber_count > 1 ? "%s-%d" : "%s", name, i);
    if (!create) continue;
    const long before = bench->answered;
    ask_create(bench, party);
    flush(&bench->loop, party->connection);
    while (bench->answered == before) loop_turn(&bench->loop, arrived, bench);
  }
}

static void first_pulls(struct bench *bench) {
  for (int i = 0; i < bench->subscriber_count; i++) {
    ask_pull(bench, &bench->subscribers[i]);
    flush(&bench->loop, bench->subscribers[i].connection);
  }
}

// --- what to do ------------------------------------------------------------------------------------------------------

static bool all_have_all(const struct bench *bench) {
  for (int i = 0; i < bench->subscriber_count; i++)
    if (!has_all(bench, &bench->subscribers[i])) return false;
  return true;
}

static void report_deliveries(struct bench *bench, double started) {
  char extra[200];
  long repeated = 0;
  double ended = 0;
  for (int i = 0; i < bench->subscriber_count; i++) {
    const struct party *party = &bench->subscribers[i];
    repeated += party->seen.repeated;
    if (party->acknowledged_at > ended) ended = party->acknowledged_at;
  }
  snprintf(extra, sizeof extra, ",\"deliveries\":%ld,\"repeated\":%ld", bench->deliveries, repeated);
  report(bench->wanted, ended - started, bench->took, bench->measured, extra);
}

static void write_all(struct bench *bench) {
  start_writers(bench);
  first_posts(bench);
  while (!meter_is_over(&bench->meter, bench->ended)) loop_turn(&bench->loop, arrived, bench);
  meter_report(&bench->meter);
}

static void fan_out(struct bench *bench) {
  bench->took = calloc((size_t)(bench->meter.limit * bench->subscriber_count), sizeof *bench->took);
  if (!bench->took) fail("no memory for the times of all deliveries");
  start_subscribers(bench, "reader", true);
  start_writers(bench);
  first_pulls(bench);
  first_posts(bench);
  while (!all_have_all(bench)) {
    loop_turn(&bench->loop, arrived, bench);
    if (bench->wanted < 0 && meter_is_over(&bench->meter, bench->ended)) bench->wanted = bench->meter.done;
  }
  report_deliveries(bench, bench->meter.started);
}

static void replay(struct bench *bench, const char *name) {
  bench->wanted = bench->meter.limit;
  start_subscribers(bench, name, false);
  const double started = now();
  first_pulls(bench);
  while (!all_have_all(bench)) loop_turn(&bench->loop, arrived, bench);
  report_deliveries(bench, started);
}

int main(int count, char **arguments) {
  const char *mode = count > 1 ? arguments[1] : "";
  struct bench bench = {.loop = loop_make(), .meter = meter_make(count, arguments), .wanted = -1};
  bench.port = (int)option_number(count, arguments, "--port", 0);
  if (!strcmp(mode, "write") || !strcmp(mode, "fanout"))
    bench.writer_count = option_number(count, arguments, "--writers", 1);
  if (!strcmp(mode, "write")) {
    write_all(&bench);
    return 0;
  }
  bench.subscriber_count = !strcmp(mode, "fanout") ? (int)option_number(count, arguments, "--consumers", 8) : 1;
  if (!strcmp(mode, "fanout")) {
    fan_out(&bench);
  } else if (!strcmp(mode, "create")) {
    start_subscribers(&bench, option_text(count, arguments, "--name"), true);
    puts("{}");
  } else if (!strcmp(mode, "replay")) {
    replay(&bench, option_text(count, arguments, "--name"));
  } else {
    fail("what to do is missing: write, fanout, create or replay");
  }
}
