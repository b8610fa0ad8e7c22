#define _GNU_SOURCE  // memmem
#include "driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char head[] = "{\"specversion\":\"1.0\",\"id\":\"bench-";
static const char tail[] =
    "\",\"source\":\"/bench/renders\",\"type\":\"org.example.frame.rendered.v1\","
    "\"subject\":\"demo/sq010/sh0420/beauty\",\"time\":\"2026-11-25T09:30:00.000Z\","
    "\"datacontenttype\":\"application/json\",\"data\":{\"layer\":\"beauty\",\"frame\":1042,\"seconds\":183.25,"
    "\"samples\":512,\"host\":\"render-017\",\"file\":\"beauty/beauty.1042.exr\","
    "\"sha256\":\"5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef\",\"note\":\"";
static const char end[] = "\"}}";

void event_write(char *place, long number) {
  static char whole[EVENT_BYTES];
  if (!whole[0]) {
    const size_t used = strlen(head) + NUMBER_DIGITS + strlen(tail);
    memset(whole, '.', sizeof whole);
    memcpy(whole, head, strlen(head));
    memcpy(whole + strlen(head) + NUMBER_DIGITS, tail, strlen(tail));
    if (used + strlen(end) > sizeof whole) fail("the event does not fit into %d bytes", EVENT_BYTES);
    memcpy(whole + sizeof whole - strlen(end), end, strlen(end));
  }
  memcpy(place, whole, sizeof whole);
  char *digit = place + strlen(head) + NUMBER_DIGITS;
  for (int i = 0; i < NUMBER_DIGITS; i++, number /= 10) *--digit = (char)('0' + number % 10);
}

long event_next(const char *text, const char *stop, const char **rest) {
  static const char mark[] = "\"bench-";
  while (text < stop) {
    const char *digit = memmem(text, (size_t)(stop - text), mark, strlen(mark));
    if (!digit || stop - digit < (long)strlen(mark) + NUMBER_DIGITS) return -1;
    digit += strlen(mark);
    text = digit;
    long number = 0;
    for (; digit < text + NUMBER_DIGITS && *digit >= '0' && *digit <= '9'; digit++)
      number = number * 10 + (*digit - '0');
    if (digit < text + NUMBER_DIGITS) continue;  // something else that is named so
    *rest = digit;
    return number;
  }
  return -1;
}

const char *option_text(int count, char **arguments, const char *name) {
  for (int i = 1; i + 1 < count; i++)
    if (!strcmp(arguments[i], name)) return arguments[i + 1];
  fail("the option %s is missing", name);
}

long option_number(int count, char **arguments, const char *name, long otherwise) {
  for (int i = 1; i + 1 < count; i++)
    if (!strcmp(arguments[i], name)) return atol(arguments[i + 1]);
  return otherwise;
}

void fail(const char *format, ...) {
  char text[2000];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  fputs("{\"error\":\"", stdout);
  for (const unsigned char *c = (unsigned char *)text; *c; c++) {
    if (*c == '"' || *c == '\\') putchar('\\');
    putchar(*c < ' ' ? ' ' : *c);
  }
  puts("\"}");
  exit(1);
}

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

// What preparing took is not part of the measurement.
static double cpu_before;

struct meter meter_make(int count, char **arguments) {
  struct meter meter = {0};
  meter.limit = option_number(count, arguments, "--events", 1000);
  meter.seconds = (double)option_number(count, arguments, "--seconds", 0);
  meter.began = calloc((size_t)meter.limit, sizeof *meter.began);
  meter.took = calloc((size_t)meter.limit, sizeof *meter.took);
  if (!meter.began || !meter.took) fail("no memory for %ld events", meter.limit);
  return meter;
}

long meter_begin(struct meter *meter) {
  const double time = now();
  if (!meter->begun) {
    meter->started = time;
    cpu_before = cpu_seconds();
  }
  if (meter->begun == meter->limit || (meter->seconds > 0 && time > meter->started + meter->seconds)) return -1;
  meter->began[meter->begun] = time;
  return meter->begun++;
}

void meter_done(struct meter *meter, long number) {
  if (number < 0 || number >= meter->begun) fail("event %ld was acknowledged and never sent", number);
  meter->ended = now();
  meter->took[number] = (float)(meter->ended - meter->began[number]);
  meter->done++;
}

static int by_size(const void *a, const void *b) {
  const float left = *(const float *)a, right = *(const float *)b;
  return (left > right) - (left < right);
}

void report(long events, double seconds, float *took, long count, const char *extra) {
  const double cpu = cpu_seconds() - cpu_before;
  if (!events || seconds <= 0) fail("nothing was measured");
  printf("{\"events\":%ld,\"seconds\":%.6f,\"perSecond\":%.1f,\"driverCPUSeconds\":%.3f", events, seconds,
         (double)events / seconds, cpu);
  if (count) {
    qsort(took, (size_t)count, sizeof *took, by_size);
    printf(",\"p50ms\":%.4f,\"p99ms\":%.4f", took[count / 2] * 1e3, took[count * 99 / 100] * 1e3);
  }
  printf("%s}\n", extra);
}

void meter_report(struct meter *meter) {
  report(meter->done, meter->ended - meter->started, meter->took, meter->done, "");
}

struct seen seen_make(long capacity) {
  struct seen seen = {calloc((size_t)capacity / 8 + 1, 1), capacity, 0, 0};
  if (!seen.bits) fail("no memory for %ld events", capacity);
  return seen;
}

bool seen_add(struct seen *seen, long number) {
  if (number < 0 || number >= seen->capacity) fail("event %ld was delivered and never sent", number);
  const unsigned char bit = (unsigned char)(1 << number % 8);
  if (seen->bits[number / 8] & bit) {
    seen->repeated++;
    return false;
  }
  seen->bits[number / 8] |= bit;
  seen->distinct++;
  return true;
}
