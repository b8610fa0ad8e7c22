// SQLite by itself: write-ahead log, synchronous=FULL, one table.
//
//   sqlite write  --folder DIR --writers N --events M --seconds S --group 0|1
//   sqlite replay --folder DIR --events M
//
// One connection serves N writers in turn, since SQLite has one writer at a time: with --group 0 a transaction for each
// event, with --group 1 one for all that wait.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

static sqlite3 *database;

static void run(const char *sql) {
  if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) fail("SQLite: %s: %s", sql, sqlite3_errmsg(database));
}

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
    fail("SQLite: %s", sqlite3_errmsg(database));
  return statement;
}

static void insert(sqlite3_stmt *statement, const char *event) {
  sqlite3_bind_blob(statement, 1, event, EVENT_BYTES, SQLITE_STATIC);
  if (sqlite3_step(statement) != SQLITE_DONE) fail("SQLite: %s", sqlite3_errmsg(database));
  sqlite3_reset(statement);
}

static void write_all(long writers, bool group, struct meter *meter) {
  run("CREATE TABLE log (position INTEGER PRIMARY KEY, event BLOB NOT NULL)");
  sqlite3_stmt *statement = prepare("INSERT INTO log (event) VALUES (?)");
  char event[EVENT_BYTES];
  long next = 0;
  for (long i = 0; i < writers; i++) meter_begin(meter);
  while (next < meter->begun) {
    const long first = next, last = group ? meter->begun : next + 1;
    if (group) run("BEGIN IMMEDIATE");
    for (; next < last; next++) {
      event_write(event, next);
      insert(statement, event);
    }
    if (group) run("COMMIT");
    for (long number = first; number < last; number++) {
      meter_done(meter, number);
      meter_begin(meter);
    }
  }
  sqlite3_finalize(statement);
  meter_report(meter);
}

static void replay(long events) {
  struct seen seen = seen_make(events);
  sqlite3_stmt *statement = prepare("SELECT position, event FROM log ORDER BY position");
  const double started = now();
  while (sqlite3_step(statement) == SQLITE_ROW) {
    const char *event = sqlite3_column_blob(statement, 1), *rest;
    seen_add(&seen, event_next(event, event + sqlite3_column_bytes(statement, 1), &rest));
  }
  const double seconds = now() - started;
  sqlite3_finalize(statement);
  if (seen.distinct != events) fail("%ld of %ld events were read", seen.distinct, events);
  report(events, seconds, NULL, 0, "");
}

int main(int count, char **arguments) {
  char path[4096];
  snprintf(path, sizeof path, "%s/log.sqlite", option_text(count, arguments, "--folder"));
  if (sqlite3_open(path, &database) != SQLITE_OK) fail("SQLite cannot open %s", path);
  run("PRAGMA journal_mode=WAL");
  run("PRAGMA synchronous=FULL");
  if (count > 1 && !strcmp(arguments[1], "replay")) {
    replay(option_number(count, arguments, "--events", 0));
  } else {
    struct meter meter = meter_make(count, arguments);
    write_all(option_number(count, arguments, "--writers", 1), option_number(count, arguments, "--group", 0), &meter);
  }
  sqlite3_close(database);
}
