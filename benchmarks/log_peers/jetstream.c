// NATS JetStream, spoken to in its own text protocol, so that no client library stands between the loop and the socket.
//
//   jetstream create --port P
//   jetstream write  --port P --writers N --connections C --events M --seconds S [--batch 1]
//   jetstream fanout --port P --writers N --consumers K --events M --seconds S
//   jetstream replay --port P --events M --acks 0|1 --turn T
//
// write: N publishes wait for their acknowledgement, spread over C connections. With --batch 1, N events are one
// atomic batch: they are stored together or not at all and share one acknowledgement.
// fanout: the same on one connection, while K durable pull consumers, each on its own connection, receive every event
// and acknowledge each. It ends when the server has taken the last acknowledgement.
// replay: one new pull consumer, named after T, reads what is stored, with an acknowledgement for each event or
// (--acks 0) without any.
#define _GNU_SOURCE  // memmem, memrchr
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "net.h"

// A consumer asks for more as soon as fewer than PULL_LOW are on their way; PULL_AHEAD stays below what the server
// allows to be unacknowledged.
enum { PULL_AHEAD = 5000, PULL_LOW = 2500, PULL_SECONDS = 60 };

struct message {
  const char *subject, *reply, *body;
  size_t subject_count, reply_count, body_count, head_count;
};

struct consumer {
  struct seen seen;
  long asked;
  bool finished;
  bool flushed;
};

struct bench {
  struct loop loop;
  struct meter meter;
  bool ended;
  bool batch;
  long writers;
  int publishers;
  long answered;  // replies to requests that are no publishes
  int consumers;
  bool acks;
  long turn;
  struct consumer *states;
  long wanted;    // events that each consumer is to see; -1 while the producer is still at it
  float *took;
  long deliveries, measured;
  double ended_at;
};

// --- the protocol ----------------------------------------------------------------------------------------------------

static size_t number_in(const char *text, size_t count) {
  size_t value = 0;
  for (size_t i = 0; i < count; i++) value = value * 10 + (size_t)(text[i] - '0');
  return value;
}

// Takes the frame at the start of `in` apart: a message, or anything else (then `subject` is NULL). Returns its length;
// 0 while it is not whole.
static size_t frame(const char *in, size_t count, struct message *message) {
  const char *line_end = count ? memchr(in, '\n', count) : NULL;
  memset(message, 0, sizeof *message);
  if (!line_end) return 0;
  const size_t line = (size_t)(line_end - in) + 1;
  if (!strncmp(in, "-ERR", 4)) fail("NATS answered %.*s", (int)line - 2, in);
  const bool headers = !strncmp(in, "HMSG ", 5);
  if (!headers && strncmp(in, "MSG ", 4)) return line;

  const char *words[8];
  size_t lengths[8];
  int found = 0;
  for (const char *at = in, *end = line_end - 1; at < end && found < 8;) {
    const char *space = memchr(at, ' ', (size_t)(end - at));
    words[found] = at;
    lengths[found++] = (size_t)((space ? space : end) - at);
    at = (space ? space : end) + 1;
  }
  // MSG subject sid [reply] size, HMSG subject sid [reply] head-size size
  const size_t size = number_in(words[found - 1], lengths[found - 1]);
  if (line + size + 2 > count) return 0;
  message->subject = words[1], message->subject_count = lengths[1];
  if (found == (headers ? 6 : 5)) message->reply = words[3], message->reply_count = lengths[3];
  message->head_count = headers ? number_in(words[found - 2], lengths[found - 2]) : 0;
  message->body = line_end + 1;
  message->body_count = size;
  return line + size + 2;
}

static struct connection *connect_to(struct bench *bench, int port, int number) {
  struct connection *connection = loop_connect(&bench->loop, port, number);
  put_text(connection,
           "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1}\r\n"
           "SUB _INBOX.%d.> 1\r\n",
           number);
  return connection;
}

static void refuse_error(const struct message *message) {
  if (memmem(message->body, message->body_count, "\"error\"", 7))
    fail("JetStream answered %.*s", (int)message->body_count, message->body);
}

// Answers to stream and consumer requests.
static void on_answer(struct connection *connection, void *context) {
  struct bench *bench = context;
  struct message message;
  size_t used = 0, length;
  while ((length = frame(connection->in + used, connection->in_count - used, &message))) {
    used += length;
    if (!message.subject) continue;
    if (message.head_count) fail("JetStream is not there");
    refuse_error(&message);
    bench->answered++;
  }
  drop(connection, used);
}

static void request(struct bench *bench, struct connection *connection, const char *subject, const char *body) {
  const long before = bench->answered;
  put_text(connection, "PUB %s _INBOX.%d.answer %zu\r\n%s\r\n", subject, connection->number, strlen(body), body);
  flush(&bench->loop, connection);
  while (bench->answered == before) loop_turn(&bench->loop, on_answer, bench);
}

// --- publishing ------------------------------------------------------------------------------------------------------

static void publish(struct bench *bench, struct connection *connection) {
  const long number = meter_begin(&bench->meter);
  bench->ended = bench->ended || number < 0;
  if (number < 0) return;
  char event[EVENT_BYTES];
  event_write(event, number);
  put_text(connection, "PUB bench.events _INBOX.%d.%ld %d\r\n", connection->number, number, EVENT_BYTES);
  put(connection, event, sizeof event);
  put(connection, "\r\n", 2);
}

// One atomic batch of as many events as there are writers; only the last one asks for an acknowledgement.
static void publish_batch(struct bench *bench, struct connection *connection) {
  const long first = bench->meter.begun;
  long count = 0;
  while (count < bench->writers && meter_begin(&bench->meter) >= 0) count++;
  bench->ended = count < bench->writers;
  for (long i = 0; i < count; i++) {
    char head[200], event[EVENT_BYTES];
    const int head_count =
        snprintf(head, sizeof head, "NATS/1.0\r\nNats-Batch-Id:b%ld\r\nNats-Batch-Sequence:%ld\r\n%s\r\n", first,
                 i + 1, i + 1 == count ? "Nats-Batch-Commit:1\r\n" : "");
    event_write(event, first + i);
    put_text(connection, "HPUB bench.events ");
    if (i + 1 == count) put_text(connection, "_INBOX.%d.%ld ", connection->number, first);
    put_text(connection, "%d %d\r\n", head_count, head_count + EVENT_BYTES);
    put(connection, head, (size_t)head_count);
    put(connection, event, sizeof event);
    put(connection, "\r\n", 2);
  }
}

static void on_acknowledgement(struct bench *bench, struct connection *connection, const struct message *message) {
  if (message->head_count) fail("JetStream answered %.*s", (int)message->head_count, message->body);
  refuse_error(message);
  const char *dot = memrchr(message->subject, '.', message->subject_count);
  const long number = atol(dot + 1);
  if (!bench->batch) {
    meter_done(&bench->meter, number);
    publish(bench, connection);
  } else {
    while (bench->meter.done < bench->meter.begun) meter_done(&bench->meter, bench->meter.done);
    if (!bench->ended) publish_batch(bench, connection);
  }
}

// --- consuming -------------------------------------------------------------------------------------------------------

static void pull(long turn, struct connection *connection, struct consumer *consumer) {
  char body[100];
  const int count =
      snprintf(body, sizeof body, "{\"batch\":%d,\"expires\":%d000000000}", PULL_AHEAD - PULL_LOW, PULL_SECONDS);
  put_text(connection, "PUB $JS.API.CONSUMER.MSG.NEXT.BENCH.t%ldc%d _INBOX.%d.m %d\r\n%s\r\n", turn,
           connection->number, connection->number, count, body);
  consumer->asked += PULL_AHEAD - PULL_LOW;
}

static void make_consumer(struct bench *bench, struct connection *connection) {
  char subject[100], body[300];
  snprintf(subject, sizeof subject, "$JS.API.CONSUMER.DURABLE.CREATE.BENCH.t%ldc%d", bench->turn,
           connection->number);
  snprintf(body, sizeof body,
           "{\"stream_name\":\"BENCH\",\"config\":{\"durable_name\":\"t%ldc%d\",\"deliver_policy\":\"all\","
           "\"ack_policy\":\"%s\"%s}}",
           bench->turn, connection->number, bench->acks ? "explicit" : "none",
           bench->acks ? ",\"max_ack_pending\":10000" : "");
  request(bench, connection, subject, body);
  struct consumer *consumer = &bench->states[connection->number - 1];
  while (consumer->asked < PULL_AHEAD) pull(bench->turn, connection, consumer);
  flush(&bench->loop, connection);
}

// A consumer that has everything asks for a PONG, which comes when its acknowledgements were taken.
static void finish_if_complete(struct bench *bench, struct connection *connection) {
  struct consumer *consumer = &bench->states[connection->number - 1];
  if (consumer->finished || bench->wanted < 0 || consumer->seen.distinct < bench->wanted) return;
  consumer->finished = true;
  put_text(connection, "PING\r\n");
}

static void on_delivery(struct bench *bench, struct connection *connection, const struct message *message) {
  struct consumer *consumer = &bench->states[connection->number - 1];
  if (message->head_count) {  // 408: the request ran out; ask again
    consumer->asked = 0;
  } else {
    const char *rest;
    const long number = event_next(message->body, message->body + message->body_count, &rest);
    consumer->asked--;
    if (seen_add(&consumer->seen, number)) {
      bench->deliveries++;
      if (bench->took) bench->took[bench->measured++] = (float)(now() - bench->meter.began[number]);
    }
    if (bench->acks) {
      put(connection, "PUB ", 4);
      put(connection, message->reply, message->reply_count);
      put(connection, " 0\r\n\r\n", 6);
    }
  }
  if (consumer->asked <= PULL_LOW) pull(bench->turn, connection, consumer);
}

// --- the loop --------------------------------------------------------------------------------------------------------

static void arrived(struct connection *connection, void *context) {
  struct bench *bench = context;
  const bool consumes = bench->consumers && connection->number >= 1 && connection->number <= bench->consumers;
  struct message message;
  size_t used = 0, length;
  while ((length = frame(connection->in + used, connection->in_count - used, &message))) {
    const char *line = connection->in + used;
    used += length;
    if (!message.subject) {
      if (!strncmp(line, "PING", 4)) put_text(connection, "PONG\r\n");
      if (consumes && bench->states[connection->number - 1].finished && !strncmp(line, "PONG", 4)) {
        bench->states[connection->number - 1].flushed = true;
        bench->ended_at = now();
      }
    } else if (consumes) {
      on_delivery(bench, connection, &message);
    } else {
      on_acknowledgement(bench, connection, &message);
    }
  }
  drop(connection, used);
  if (consumes) finish_if_complete(bench, connection);
  flush(&bench->loop, connection);
}

static void write_all(struct bench *bench, int port, int connections) {
  struct connection **all = calloc((size_t)connections, sizeof *all);
  for (int i = 0; i < connections; i++) all[i] = connect_to(bench, port, i);
  if (bench->batch) publish_batch(bench, all[0]);
  for (long i = 0; i < bench->writers && !bench->batch; i++) publish(bench, all[i % connections]);
  for (int i = 0; i < connections; i++) flush(&bench->loop, all[i]);
  while (!meter_is_over(&bench->meter, bench->ended)) loop_turn(&bench->loop, arrived, bench);
  meter_report(&bench->meter);
}

static bool all_flushed(const struct bench *bench) {
  for (int i = 0; i < bench->consumers; i++)
    if (!bench->states[i].flushed) return false;
  return true;
}

static void report_deliveries(struct bench *bench, double started) {
  char extra[200];
  long repeated = 0;
  for (int i = 0; i < bench->consumers; i++) repeated += bench->states[i].seen.repeated;
  snprintf(extra, sizeof extra, ",\"deliveries\":%ld,\"repeated\":%ld", bench->deliveries, repeated);
  report(bench->wanted, bench->ended_at - started, bench->took, bench->measured, extra);
}

static struct connection **make_consumers(struct bench *bench, int port) {
  struct connection **all = calloc((size_t)bench->consumers, sizeof *all);
  bench->states = calloc((size_t)bench->consumers, sizeof *bench->states);
  for (int i = 0; i < bench->consumers; i++) {
    bench->states[i].seen = seen_make(bench->meter.limit);
    all[i] = connect_to(bench, port, i + 1);
    make_consumer(bench, all[i]);
  }
  return all;
}

static void fan_out(struct bench *bench, int port) {
  bench->took = calloc((size_t)(bench->meter.limit * bench->consumers), sizeof *bench->took);
  if (!bench->took) fail("no memory for the times of all deliveries");
  struct connection **consumers = make_consumers(bench, port);
  struct connection *producer = connect_to(bench, port, 0);
  for (long i = 0; i < bench->writers; i++) publish(bench, producer);
  flush(&bench->loop, producer);
  while (!all_flushed(bench)) {
    loop_turn(&bench->loop, arrived, bench);
    if (bench->wanted < 0 && meter_is_over(&bench->meter, bench->ended)) {
      bench->wanted = bench->meter.done;
      for (int i = 0; i < bench->consumers; i++) {
        finish_if_complete(bench, consumers[i]);
        flush(&bench->loop, consumers[i]);
      }
    }
  }
  report_deliveries(bench, bench->meter.started);
}

static void replay(struct bench *bench, int port) {
  const double started = now();
  bench->wanted = bench->meter.limit;
  make_consumers(bench, port);
  while (!all_flushed(bench)) loop_turn(&bench->loop, arrived, bench);
  report_deliveries(bench, started);
}

int main(int count, char **arguments) {
  const char *mode = count > 1 ? arguments[1] : "";
  const int port = (int)option_number(count, arguments, "--port", 0);
  struct bench bench = {.loop = loop_make(), .meter = meter_make(count, arguments), .wanted = -1, .acks = true};
  bench.writers = option_number(count, arguments, "--writers", 1);
  bench.batch = option_number(count, arguments, "--batch", 0);
  if (!strcmp(mode, "create")) {
    request(&bench, connect_to(&bench, port, 0), "$JS.API.STREAM.CREATE.BENCH",
            "{\"name\":\"BENCH\",\"subjects\":[\"bench.events\"],\"storage\":\"file\",\"retention\":\"limits\","
            "\"discard\":\"old\",\"num_replicas\":1,\"allow_atomic\":true}");
    puts("{}");
  } else if (!strcmp(mode, "write")) {
    write_all(&bench, port, (int)option_number(count, arguments, "--connections", 1));
  } else if (!strcmp(mode, "fanout")) {
    bench.consumers = (int)option_number(count, arguments, "--consumers", 8);
    fan_out(&bench, port);
  } else if (!strcmp(mode, "replay")) {
    bench.consumers = 1;
    bench.acks = option_number(count, arguments, "--acks", 1);
    bench.turn = option_number(count, arguments, "--turn", 0);
    replay(&bench, port);
  } else {
    fail("what to do is missing: create, write, fanout or replay");
  }
}
