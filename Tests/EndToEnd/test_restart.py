"""Killed at any moment, the server goes on where it was: nothing lost, nothing done twice, nothing half-published.

Environment:
  SLUICE_TEST_SEED    the seed of the random moments (default: a new one each time; it is printed where a test fails)
  SLUICE_TEST_ROUNDS  kills per test (default: as each test says)
"""

import base64
import contextlib
import hashlib
import os
import random
import signal
import threading
import time
import unittest
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import log_segments
import tiny_show
from sluice_server import ServerTestCase, is_alive, processes_with, wait_until

SHOTS = ["sh0010", "sh0020", "sh0030"]
FIRST, LAST = 1001, 1010
FRAMES = range(FIRST, LAST + 1)

# Every execution of a task leaves a line in the counter file, which is outside of all that Sluice knows.
PIPELINE = """\
sluice: 1
project: demo
folders:
  - {{ path: sh0010, type: shot, range: 1001-1010 }}
  - {{ path: sh0020, type: shot, range: 1001-1010 }}
  - {{ path: sh0030, type: shot, range: 1001-1010 }}
steps:
  grade:
    for: {{ type: shot }}
    inputs:
      plate: {{ product: plate, frames: one-to-one }}
      look: {{ product: /look }}
    outputs:
      frames: {{ product: graded, files: "graded.####.txt" }}
    command: [sh, -c, 'echo "grade $4 $5" >> "$6"; {work}; cat "$1" "$2" > "$3"', sh,
              "{{plate}}", "{{look}}", "{{frames}}", "{{folder}}", "{{frame}}", {counter}]
  movie:
    for: {{ type: shot }}
    inputs:
      frames: {{ product: graded }}
    outputs:
      movie: {{ product: movie, files: "movie.txt" }}
    command: [sh, -c, 'echo "movie $3 -" >> "$4"; cat "$1"/*.txt > "$2"', sh,
              "{{frames.dir}}", "{{movie}}", "{{folder}}", {counter}]
"""


class Moments(ServerTestCase):
    """Random moments that can be repeated."""

    def setUp(self):
        seed = int(os.environ.get("SLUICE_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
        self.random, self.seed = random.Random(seed), seed
        super().setUp()

    def rounds(self, default):
        return range(int(os.environ.get("SLUICE_TEST_ROUNDS") or default))

    def _formatMessage(self, message, standard):
        return f"{super()._formatMessage(message, standard)}\nrepeat with SLUICE_TEST_SEED={self.seed}"

    def kill_after(self, seconds):
        """kill -9 a while later; the moment of the kill."""
        time.sleep(seconds)
        self.server.kill()
        return datetime.now(timezone.utc)

    # What holds at rest, whatever happened before

    def assertNothingHalfDone(self):
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())
        staging = self.server.data / "store" / ".staging"
        left = [path for path in staging.rglob("*") if path != staging / "intents"]
        self.assertEqual(left, [], "leftovers in the staging folder")

    def assertComplete(self, event):
        """Every byte that a published event counted is in the store."""
        data = event["data"]
        for summary in data["representations"]:
            folder = self.server.data / "store" / event["product"] / data["version"] / summary["name"]
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            self.assertEqual(len(files), summary["files"], folder)
            digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
            if summary["kind"] != "file":
                lines = [f"{digest}  {path.relative_to(folder)}\n" for digest, path in zip(digests, files)]
                digests = [hashlib.sha256("".join(lines).encode()).hexdigest()]
            self.assertEqual(digests[0], summary["sha256"], folder)


class PlanTestCase(Moments):
    work = "sleep 0.04"

    def setUp(self):
        super().setUp()
        self.counter = self.server.home / "counter"
        self.counter.touch()
        self.server.pipeline(PIPELINE.format(work=self.work, counter=self.counter))
        for shot in SHOTS:
            self.server.ask("publish", f"demo/{shot}/plate", *self.server.frames(FIRST, LAST, text=f"{shot} {{}}\n"))

    def publish_look(self, text):
        self.look = text
        self.server.ask("publish", "demo/look", self.server.file("look.txt", text))

    def begin(self):
        """Applies a plan and does not wait; its id."""
        return self.server.ask("apply", "demo")["id"]

    def executions(self):
        """`{"grade sh0010 1001": times}`"""
        return Counter(self.counter.read_text().splitlines())

    def recorded(self):
        """The events of the log as it lies on disk, read while no server runs."""
        return log_segments.events(self.server.data / "log")

    def finished(self, events, plan):
        """The tasks of a plan that the events say have succeeded, as they stand in the counter file."""
        folders, steps = {}, {}
        for event in events:
            if event["type"] == "sluice.run.started.v1" and event["data"]["plan"] == plan:
                run = event["data"]["run"]
                folders[run], steps[run] = event["folder"], event["data"]["step"]
        found = set()
        for event in events:
            data = event["data"]
            if event["type"] == "sluice.task.finished.v1" and data["outcome"] == "succeeded":
                run, _, frame = data["task"].partition(".")
                if run in folders:
                    frame = frame if steps[run] == "grade" else "-"
                    found.add(f"{steps[run]} {folders[run]} {frame}")
        return found

    def assertNotRepeated(self, finished, before, after):
        """What was recorded as finished was not executed again."""
        again = {task: (before[task], after[task]) for task in finished if after[task] != before[task]}
        self.assertEqual(again, {}, "executed again although recorded as finished (times before, after)")

    def assertPlanDone(self, plan):
        """The plan ended well: each of its runs once, with one complete version that has the right bytes."""
        ended = self.server.wait_for_plan(plan, 30)
        self.assertEqual(ended["state"]["status"], "succeeded", ended)
        events = [(event["type"], event["data"], event) for event in self.server.events()]
        runs = Counter(
            data["run"] for type, data, _ in events if type == "sluice.run.finished.v1" and data["plan"] == plan
        )
        self.assertEqual(sorted(runs.values()), [1] * 6, f"each run ends once: {runs}")
        published = [
            event
            for type, data, event in events
            if type == "sluice.version.published.v1" and (data.get("made") or {}).get("plan") == plan
        ]
        self.assertEqual(Counter(event["data"]["made"]["run"] for event in published), runs, "one version per run")
        for event in published:
            self.assertComplete(event)
            _, shot, product = event["product"].split("/")
            frames = [f"{shot} {frame}\n{self.look}" for frame in FRAMES]
            folder = self.server.data / "store" / event["product"] / event["data"]["version"] / "txt"
            texts = [path.read_text() for path in sorted(folder.iterdir())]
            self.assertEqual(texts, frames if product == "graded" else ["".join(frames)], event["product"])
        # One of them through the front door, which looks at the digests again.
        event = self.random.choice(published)
        folder = self.server.home / "fetched" / event["data"]["version"]
        self.server.run("fetch", f"{event['product']}@{event['data']['version']}", "--to", folder)
        self.assertEqual(set(self.server.states().values()), {"current"})
        self.assertNothingHalfDone()
        # A process ends a moment after its end is known.
        wait_until(lambda: not processes_with(str(self.counter)), "no process of a task is left", 5)


class KillDuringPlan(PlanTestCase):
    def test_at_random_moments_the_plan_goes_on(self):
        self.publish_look("look\n")
        began = time.monotonic()
        plan = self.begin()
        self.server.wait_for_plan(plan)
        length = time.monotonic() - began
        self.assertPlanDone(plan)
        for turn in self.rounds(6):
            self.publish_look(f"look {turn}\n")
            self.counter.write_text("")
            plan = self.begin()
            # Now and then the server is killed again while it takes the plan up.
            for kill in range(self.random.choice([1, 1, 2])):
                if kill:
                    self.server.start()
                self.kill_after(self.random.uniform(0, length / (kill + 1)))
                finished, before = self.finished(self.recorded(), plan), self.executions()
            self.server.start()
            ended = self.server.wait_for_plan(plan, 30)
            self.assertEqual(ended["state"]["status"], "succeeded", f"round {turn}: {ended}")
            after = self.executions()
            with self.subTest(round=turn, finished=len(finished), seed=self.seed):
                self.assertNotRepeated(finished, before, after)
                self.assertEqual(len(after), 3 * len(FRAMES) + 3, "every task was executed")
                self.assertPlanDone(plan)

    def kill_when(self, seen, what):
        """Kills as soon as `seen` is true, which may be for a moment only; what was finished and executed then."""
        deadline = time.monotonic() + 20
        while not seen():
            if time.monotonic() > deadline:
                raise AssertionError(f"not seen: {what}")
        self.server.kill()
        return self.recorded(), self.executions()

    def kill_in_publish(self, seen, what):
        """Kills while results move from the bench into the store, and looks whether their tasks are done again."""
        for turn in self.rounds(2):
            self.publish_look(f"look {what} {turn}\n")
            before = len(self.server.stored_versions())
            self.counter.write_text("")
            plan = self.begin()
            events, executed = self.kill_when(lambda: seen(before), what)
            self.server.start()
            self.server.wait_for_plan(plan, 30)
            with self.subTest(what, round=turn):
                self.assertNotRepeated(self.finished(events, plan), executed, self.executions())
                self.assertPlanDone(plan)

    def test_while_results_are_laid_out_nothing_is_done_again(self):
        staging = self.server.data / "store" / ".staging"

        def seen(_):
            with contextlib.suppress(OSError):
                for name in os.listdir(staging):
                    if name.startswith("placing-"):
                        return len(os.listdir(staging / name / "txt")) >= 5
            return False

        self.kill_in_publish(seen, "half of the frames laid out")

    def test_between_the_move_and_the_record_nothing_is_done_again(self):
        def seen(before):
            return len(self.server.stored_versions()) > before

        self.kill_in_publish(seen, "a version in place and not yet recorded")

    def test_an_ended_plan_stays_ended(self):
        self.publish_look("look\n")
        self.server.wait_for_plan(self.begin())
        executed, position = self.executions(), self.server.position()
        for _ in range(2):
            self.server.kill()
            self.server.start()
        self.assertEqual(self.server.ask("plan", "demo")["runs"], [])
        self.assertEqual((self.executions(), self.server.position()), (executed, position))


class Orphans(PlanTestCase):
    # The first to come stay: one that waits, a child of it, and one that does not listen. Later ones are quick.
    work = 'test -e "$6.quick" || {{ trap "" TERM; sleep 300 & sleep 301; }}'

    def setUp(self):
        super().setUp()
        self.publish_look("look\n")
        self.plan = self.begin()
        self.tasks = wait_until(self.running, "four tasks and their children run", 20)

    def running(self):
        """Processes of four tasks: the shells, and what they started."""
        shells = processes_with(str(self.counter))
        found = set(shells)
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) in shells:  # Its session, which is the task's.
                    found.add(int(entry))
        return found if len(shells) >= 4 and len(found) >= 12 else None

    def finish(self):
        Path(f"{self.counter}.quick").touch()
        self.server.start()
        self.assertPlanDone(self.plan)
        self.assertEqual([process for process in self.tasks if is_alive(process)], [])

    def test_after_kill_9_the_next_server_ends_what_was_left(self):
        self.server.kill()
        self.assertTrue(any(map(is_alive, self.tasks)), "the test needs orphans")
        self.finish()

    def test_after_sigterm_nothing_is_left_and_the_plan_goes_on(self):
        began = time.monotonic()
        self.assertEqual(self.server.stop(signal.SIGTERM, 15), 0)
        self.assertLess(time.monotonic() - began, 8)
        wait_until(lambda: not any(map(is_alive, self.tasks)), "every process of every task has ended", 2)
        failed = [event for event in self.recorded() if event["data"].get("outcome") in ("failed", "cancelled")]
        self.assertEqual(failed, [], "a stop is no failure")
        self.finish()


class YoungOrphan(Moments):
    PIPELINE = """\
sluice: 1
project: demo
folders: [ {{ path: sh0010, type: shot }} ]
steps:
  copy:
    for: {{ type: shot }}
    inputs:
      source: {{ product: source }}
    outputs:
      copy: {{ product: copy, files: "copy.txt" }}
    command: [sh, -c, 'echo begun >> "$3"; test -e "$3.quick" || sleep 300; cp "$1" "$2"', sh,
              "{{source}}", "{{copy}}", {counter}]
"""

    def test_a_process_that_had_just_begun_is_ended_too(self):
        """The server dies as soon as a task has begun, before it can have written anything down about it."""
        server, counter = self.server, self.server.home / "counter"
        counter.touch()
        server.pipeline(self.PIPELINE.format(counter=counter))
        server.ask("publish", "demo/sh0010/source", server.file("source.txt"))
        plan = server.ask("apply", "demo")["id"]
        wait_until(counter.read_text, "the task begins")
        server.kill()
        orphans = processes_with(str(counter))
        self.addCleanup(lambda: [os.killpg(process, signal.SIGKILL) for process in orphans if is_alive(process)])
        self.assertEqual(len(orphans), 1, "the test needs an orphan")
        Path(f"{counter}.quick").touch()
        server.start()
        server.wait_for_plan(plan)
        self.assertFalse(is_alive(orphans[0]), "a process of the killed server goes on and could still write")


class SIGTERM(PlanTestCase):
    def test_in_the_middle_of_a_plan(self):
        for turn in self.rounds(2):
            self.publish_look(f"look {turn}\n")
            self.counter.write_text("")
            plan = self.begin()
            time.sleep(self.random.uniform(0, 1))
            began = time.monotonic()
            self.assertEqual(self.server.stop(seconds=15), 0)
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(processes_with(str(self.counter)), [])
            finished, before = self.finished(self.recorded(), plan), self.executions()
            self.server.start()
            self.server.wait_for_plan(plan, 30)
            with self.subTest(round=turn, seed=self.seed):
                self.assertNotRepeated(finished, before, self.executions())
                self.assertPlanDone(plan)


class KillDuringPublish(Moments):
    """Eight people publish small files without pause while the server is killed."""

    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")

    def publish(self, ref, text, command):
        files = [{"path": "look.txt", "content": base64.b64encode(text.encode()).decode()}]
        product = {"ref": ref, "representations": [{"files": files}]}
        answer = self.server.post("/api/v1/publish", {"command": command, "products": [product]})
        if answer.status != 200:
            raise AssertionError(f"{ref}: {answer}")
        return answer.json["published"][0]

    def one(self, index, turn, acknowledged, open_commands, stop):
        """Publishes to a product of its own and to one that all share, until the server is gone."""
        for number in range(10_000):
            if stop.is_set():
                return
            ref = f"demo/own/p{index}/look" if number % 2 else "demo/shared/look"
            text, command = f"{turn} {index} {number}\n", f"{turn}-{index}-{number}"
            open_commands[index] = (ref, text, command)
            try:
                answer = self.publish(ref, text, command)
            except (OSError, ValueError):
                return
            except Exception as error:  # What the connection says when the other end dies.
                if type(error).__module__ != "http.client":
                    raise
                return
            del open_commands[index]
            acknowledged.append((ref, text, command, answer))

    def text(self, ref, version):
        return (self.server.data / "store" / ref / version / "txt" / "look.txt").read_text()

    def test_what_was_acknowledged_is_there(self):
        acknowledged, kills = [], self.rounds(4)
        for turn in kills:
            open_commands, stop, problems = {}, threading.Event(), []

            def work(index):
                try:
                    self.one(index, turn, acknowledged, open_commands, stop)
                except BaseException as error:
                    problems.append(error)

            before = len(acknowledged)
            crowd = [threading.Thread(target=work, args=(index,), daemon=True) for index in range(8)]
            for thread in crowd:
                thread.start()
            self.kill_after(self.random.uniform(0.3, 1.0))
            stop.set()
            for thread in crowd:
                thread.join(35)
                self.assertFalse(thread.is_alive())
            self.assertEqual(problems, [])
            self.assertGreater(len(acknowledged), before, "the test needs publishes")
            self.server.start()
            with self.subTest(round=turn, seed=self.seed):
                self.assertNothingHalfDone()
                published = self.server.events("sluice.version.published.v1")
                for event in published:
                    self.assertComplete(event)
                known = {(event["product"], event["data"]["version"]) for event in published}
                for ref, text, _, answer in acknowledged:
                    self.assertIn((ref, answer["version"]), known)
                    self.assertEqual(self.text(ref, answer["version"]), text)
                numbers = [event["data"]["number"] for event in published if event["product"] == "demo/shared/look"]
                self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
                # Whoever got no answer asks again, and has one version whatever became of the first.
                for ref, text, command in open_commands.values():
                    acknowledged.append((ref, text, command, self.publish(ref, text, command)))
                ref, text, command, answer = self.random.choice(acknowledged)
                self.assertEqual(self.publish(ref, text, command), answer)
                texts = Counter(
                    self.text(event["product"], event["data"]["version"])
                    for event in self.server.events("sluice.version.published.v1")
                )
                self.assertEqual(texts, Counter(text for _, text, _, _ in acknowledged))
                self.assertNothingHalfDone()
        ref, text, _, answer = acknowledged[-1]
        folder = self.server.home / "fetched"
        self.server.run("fetch", f"{ref}@{answer['version']}", "--to", folder)
        self.assertEqual([path.read_text() for path in folder.rglob("*.txt")], [text])


class Rebuild(Moments):
    """The views are made from the log alone."""

    def seen(self):
        return {
            command: self.server.run(*command.split(), "--json").output
            for command in (
                "status", "status demo", "status demo --stale", "status other", "plans demo", "folder list demo",
                "show demo/look/show_lut", "show demo/sq010/sh0010/review_frames", "why demo/sq010/contact",
                "impact demo/look/show_lut", "pipeline show demo",
            )
        }  # fmt: skip

    def remove_views(self):
        files = list(self.server.data.glob("views.sqlite*"))
        self.assertTrue(files)
        for file in files:
            file.unlink()

    def put_log_into_sqlite(self):
        """The data folder as a server made it before there were segments."""
        self.assertGreater(log_segments.into_sqlite(self.server.data), 20)
        self.remove_views()

    def test_to_the_same_bytes(self):
        server = self.server
        tiny_show.make(server)
        server.ask("tag", "demo/look/show_lut", "approved")
        server.ask("publish", "--patch", "demo/sq010/sh0010/plate", server.file("plate.1002.txt", "new\n"))
        tiny_show.change_look(server)
        server.ask("folder", "omit", "demo/sq020/sh0030")
        server.ask("folder", "add", "other/sh0010")
        server.ask("publish", "other/sh0010/plate", *server.frames(1, 3, folder="other"))
        before = self.seen()
        self.assertIn('"stale"', before["status demo"])
        for title, prepare, stop, arguments in (
            ("as it was", lambda: None, server.stop, []),
            ("--rebuild", lambda: None, server.stop, ["--rebuild"]),
            ("--rebuild after kill -9", lambda: None, server.kill, ["--rebuild"]),
            ("without views", self.remove_views, server.stop, []),
            ("--rebuild without views, after kill -9", self.remove_views, server.kill, ["--rebuild"]),
            ("with its log in SQLite, as it once was", self.put_log_into_sqlite, server.stop, []),
        ):
            with self.subTest(title):
                stop()
                prepare()
                server.start(*arguments)
                self.assertEqual(self.seen(), before)
        # Content and commands are indexed in the views too.
        file = next((server.data / "store/demo/look/show_lut").rglob("*.cube"))
        copy = server.file("copy.cube", file.read_bytes())
        self.assertIn("demo/look/show_lut", server.run("identify", copy, "--json").output)

    def test_a_plan_under_way_goes_on_from_rebuilt_views(self):
        server = self.server
        server.pipeline(tiny_show.PIPELINE)
        tiny_show.publish_sources(server)
        plan = server.ask("apply", "demo")["id"]
        self.kill_after(self.random.uniform(0.1, 0.4))
        self.remove_views()
        server.start("--rebuild")
        self.assertEqual(server.wait_for_plan(plan)["state"]["status"], "succeeded")
        self.assertEqual(set(server.states().values()), {"current"})
        self.assertNothingHalfDone()


if __name__ == "__main__":
    unittest.main()
