"""Names of people: aliases in everything that is kept, names in everything that is answered, and none once erased."""

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import log_segments
import tiny_show
from sluice_server import Server, ServerTestCase, wait_until
from test_durability import DurabilityTestCase, unsynced

# Nothing else in a data folder has this word in it, and JSON has to escape the rest.
WORD = "zephyrine"
NAME = f'{WORD} "Z" Quist'
ALIAS = re.compile(r"person-[0-9a-f]{12}")


class NamesTestCase(ServerTestCase):
    environment = {"SLUICE_ACTOR": NAME}

    def files_with(self, word):
        """Files of the data folder that have a word in them, wherever it stands."""
        found = set()
        for folder, _, names in os.walk(self.server.data):
            for name in names:
                path = os.path.join(folder, name)
                with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
                    if word.encode() in file.read():
                        found.add(os.path.relpath(path, self.server.data))
        return found

    def people(self):
        """`{name: alias}`"""
        return {person["name"]: person["alias"] for person in self.server.ask("person", "list")["people"]}

    def log_bytes(self, last=1 << 60):
        """Everything that the log and its blobs hold, as it lies there."""
        records, blobs, place = [], set(), 0
        for batch in log_segments.batches(self.server.data / "log"):
            blobs |= set(batch.blobs.items())
            for count, record in batch.records:
                place += count
                if place <= last:
                    records.append((place, count, record))
        return records, blobs


class Shown(NamesTestCase):
    """One show of one person, and every answer that tells of them."""

    def setUp(self):
        super().setUp()
        server = self.server
        self.received = server.home / "received"
        program = server.home / "take"
        program.write_text(f'#!/bin/sh\ncat >> "{self.received}"\n')
        program.chmod(0o755)
        self.start = ["--subscriber-command", f"take={program}"]
        server.stop()
        server.start(*self.start)
        tiny_show.make(server)
        tiny_show.change_look(server)
        self.plan = server.apply()["id"]
        tiny_show.change_look(server, "warmer\n")
        server.ask("tag", "demo/look/show_lut", "approved")
        self.filter = f"actor = '{NAME}' AND type LIKE 'sluice.version.%'"
        server.ask("subscription", "create", "mine", "--where", self.filter, "--pull", "--from", "beginning")
        server.ask("replay", "mine", "--from", "beginning", "--where", f"actor IN ('{NAME}')", "--yes")
        server.ask("subscription", "create", "others", "--where", f"actor != '{NAME}'", "--pull", "--from", "beginning")
        like = ["--where", f"actor LIKE '{WORD[:4]}%'"]
        server.ask("subscription", "create", "program", *like, "--command", "take", "--from", "beginning")

    def answers(self):
        """What every part of the interface says that tells of the person."""
        get = lambda path, **query: self.server.get(f"/api/v1/{path}", **query).body.decode()  # noqa: E731
        post = lambda path, body: self.server.post(f"/api/v1/{path}", body).body.decode()  # noqa: E731
        return {
            "events": get("events"),
            "newest events": get("events", last=500),
            "stream": self.stream(),
            "show": get("show", ref="demo/look/show_lut"),
            "why": get("why", ref="demo/sq010/contact"),
            "status": get("status", ref="demo"),
            "pipeline": get("pipelines/demo"),
            "plan": post("plan", {"project": "demo"}),
            "plans": get("plans"),
            "plan show": get(f"plans/{self.plan}"),
            "plan changed": post("apply", {"project": "demo", "plan": self.plan}),
            "subscription": get("subscriptions/mine"),
            "subscriptions": get("subscriptions"),
            "pulled": get("subscriptions/mine/pull", limit=1000),
        }

    def stream(self):
        """The live stream from the beginning up to what happened last."""
        end = f"id: {self.server.position()}\n"
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request("GET", "/api/v1/stream?from=main:0")
            answer, text = connection.getresponse(), ""
            while end not in text or not text.endswith("\n\n"):
                text += answer.readline().decode()
            return text
        finally:
            connection.close()

    def assertShown(self, shown, hidden):
        for title, text in self.answers().items():
            with self.subTest(title):
                self.assertIn(shown, text)
                self.assertNotIn(hidden, text)

    def assertErased(self, alias):
        self.assertShown(alias, WORD)
        self.assertEqual(self.files_with(WORD), set())
        self.assertNotIn(NAME, self.people())

    def test_the_name_is_in_every_answer_and_in_one_file(self):
        written = json.dumps(NAME)[1:-1]
        self.assertShown(written, "person-")
        self.assertEqual(self.server.ask("show", "demo/look/show_lut")["versions"][0]["actor"]["name"], NAME)
        self.assertIn(NAME, self.server.run("status", "demo").output)
        wait_until(lambda: self.received.exists() and WORD in self.received.read_text(), "the program gets events")
        # A pattern is text, and so is a filter that somebody wrote with it.
        self.assertEqual(self.files_with(WORD), {"names.jsonl"})
        self.assertEqual((self.server.data / "names.jsonl").stat().st_mode & 0o777, 0o600)
        alias = self.people()[NAME]
        self.assertTrue([name for name in self.files_with(alias) if name.endswith(".seg")])

    def test_filters_see_the_name(self):
        pulled = self.server.get("/api/v1/subscriptions/mine/pull", limit=1000).json["events"]
        self.assertGreater(len(pulled), 3)
        self.assertEqual({event["actor"] for event in pulled}, {NAME})
        others = self.server.get("/api/v1/subscriptions/others/pull", limit=1000).json["events"]
        self.assertNotIn(NAME, {event["actor"] for event in others})
        wait_until(lambda: self.received.exists() and self.received.read_text(), "the program gets events")
        events = [json.loads(line) for line in self.received.read_text().splitlines()]
        self.assertEqual({event["actor"] for event in events}, {NAME})

    def assertKept(self, before, head):
        """The log is what it was; a proposal that Sluice makes meanwhile comes behind it, with a blob."""
        records, blobs = self.log_bytes(last=head)
        self.assertEqual(records, before[0])
        self.assertLessEqual(before[1], blobs)

    def test_an_erased_name_is_nowhere_and_stays_so(self):
        server, alias = self.server, self.people()[NAME]
        head = int(server.position().split(":")[1])
        before = self.log_bytes(last=head)
        counted = server.ask("person", "erase", NAME)
        self.assertEqual((counted["aliases"], counted["erased"]), ([alias], False))
        self.assertEqual(counted["events"], sum(alias in json.dumps(event) for event in self.raw_events()))
        self.assertIn(NAME, self.people(), "counting changes nothing")
        self.assertKept(before, head)

        self.assertTrue(server.ask("person", "erase", NAME, "--yes")["erased"])
        self.assertErased(alias)
        self.assertKept(before, head)
        erased = server.events()[-1]
        self.assertEqual((erased["type"], erased["data"]), ("sluice.person.erased.v1", {"alias": alias}))
        self.assertEqual(erased["actor"], alias)

        for how in ([], ["--rebuild"]):
            with self.subTest(how):
                server.kill()
                server.start(*self.start, *how)
                self.assertErased(alias)
        # The filter still means who it meant.
        pulled = server.get("/api/v1/subscriptions/mine/pull", limit=1000).json["events"]
        self.assertEqual({event["actor"] for event in pulled}, {alias})

    def raw_events(self):
        return [event for _, _, body in self.log_bytes()[0] for event in json.loads(body)["events"]]


class Erasing(NamesTestCase):
    def setUp(self):
        super().setUp()
        self.server.ask("folder", "add", "demo")

    def test_the_same_name_gets_another_alias(self):
        first = self.people()[NAME]
        self.server.ask("person", "erase", NAME, "--yes")
        self.assertEqual(self.people(), {})
        self.server.ask("folder", "add", "demo/again")
        second = self.people()[NAME]
        self.assertNotEqual(first, second)
        self.assertEqual([event["actor"] for event in self.server.events()], [first, first, NAME])

    def test_people_are_listed_with_their_first_use(self):
        self.server.ask("folder", "add", "demo/by-bob", environment={"SLUICE_ACTOR": "bob"})
        listed = self.server.ask("person", "list")["people"]
        self.assertEqual([person["name"] for person in listed], ["bob", NAME])
        for person in listed:
            self.assertRegex(person["alias"], ALIAS)
            self.assertRegex(person["since"], r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
        self.assertIn("bob", self.server.run("person", "list").output)

    def test_who_only_reads_or_is_refused_is_not_kept(self):
        for command, code in ((["status"], 0), (["show", "demo/none"], 2), (["folder", "set", "demo/none"], 2)):
            self.server.run(*command, code=code, environment={"SLUICE_ACTOR": "reader"})
        self.assertNotIn("reader", self.people())

    def test_words_for_people(self):
        alias = self.people()[NAME]
        counted = self.server.run("person", "erase", NAME).output
        self.assertEqual(
            counted, f"1 event and 0 tokens would show {alias} in place of the name. Add --yes to go.\n"
        )
        self.assertIn(alias, self.server.run("person", "erase", alias, "--yes").output)
        self.assertEqual(self.server.run("person", "list").output, "Nobody is known by name.\n")

    def test_an_unknown_name_is_refused(self):
        error = self.server.refused("person", "erase", NAME[:-1], "--yes")
        self.assertError(error, "person.unknown", WORD)
        self.assertIn(f"did you mean '{NAME}'", error["fix"])
        self.server.ask("person", "erase", NAME, "--yes")
        self.assertError(self.server.refused("person", "erase", NAME, "--yes"), "person.unknown")

    def test_a_names_file_out_of_a_backup_brings_no_erased_name_back(self):
        alias, backup = self.people()[NAME], self.server.home / "names.backup"
        self.server.ask("folder", "add", "demo/by-bob", environment={"SLUICE_ACTOR": "bob"})
        shutil.copy(self.server.data / "names.jsonl", backup)
        self.server.ask("person", "erase", NAME, "--yes")
        for how in ([], ["--rebuild"]):
            with self.subTest(how):
                self.server.stop()
                shutil.copy(backup, self.server.data / "names.jsonl")
                self.assertEqual(self.files_with(WORD), {"names.jsonl"})
                self.server.start(*how)
                self.assertEqual(self.files_with(WORD), set())
                self.assertEqual(set(self.people()), {"bob"})
                self.assertEqual(self.server.events()[0]["actor"], alias)
                self.assertIn("erased again", self.server.log())

    def test_without_the_names_file_the_log_is_as_good_as_before(self):
        alias = self.people()[NAME]
        self.server.stop()
        (self.server.data / "names.jsonl").unlink()
        self.server.start()
        self.assertEqual({event["actor"] for event in self.server.events()}, {alias})
        self.server.ask("folder", "add", "demo/again")
        self.assertNotEqual(self.people()[NAME], alias)

    def test_a_damaged_names_file_is_no_reason_to_go_on_without(self):
        self.server.stop()
        file = self.server.data / "names.jsonl"
        file.write_bytes(b"{}\n" + file.read_bytes())
        ran = self.server.run("serve", "--data", self.server.data, "--listen", "127.0.0.1:0", "--json", code=1)
        self.assertError(ran.error, "names.damaged", "line 1")

    def test_a_name_survives_the_death_of_the_server(self):
        for number in range(5):
            name = f"{NAME} {number}"
            self.server.ask("folder", "add", f"demo/f{number}", environment={"SLUICE_ACTOR": name})
            self.server.kill()
            self.server.start()
            self.assertEqual(self.server.events()[-1]["actor"], name)


class Old(NamesTestCase):
    def test_names_from_before_there_were_aliases_stay_readable(self):
        self.server.ask("folder", "add", "demo")
        alias = self.people()[NAME]
        self.server.stop()
        # What an older Sluice wrote: the name itself, and no list of names.
        log_segments.into_sqlite(self.server.data, lambda record: record.replace(alias.encode(), b"old hand"))
        (self.server.data / "names.jsonl").unlink()
        self.server.start("--rebuild")
        self.assertEqual([event["actor"] for event in self.server.events()], ["old hand"])
        self.assertEqual(self.people(), {})
        self.server.ask("folder", "add", "demo/new", environment={"SLUICE_ACTOR": "old hand"})
        self.assertEqual([event["actor"] for event in self.server.events()], ["old hand", "old hand"])


class Tokens(NamesTestCase):
    environment = {}

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        token = lambda *more: self.server.run(  # noqa: E731
            "token", "create", *more, "--data", self.server.data, "--json", server=False
        ).json
        made = token(WORD, "--right", "publish")
        self.assertEqual(made["name"], WORD)
        self.token, self.admin = made["token"], token("keeper")["token"]
        self.server.start()
        self.server.extra["SLUICE_TOKEN"] = self.admin

    def test_a_token_is_made_for_an_alias_and_goes_on_working_when_the_name_is_erased(self):
        as_person = {"SLUICE_TOKEN": self.token}
        self.assertEqual(self.files_with(WORD), {"names.jsonl"})
        self.server.ask("folder", "add", "demo", environment=as_person)
        event = self.server.events()[-1]
        self.assertEqual((event["actor"], event["actortrust"]), (WORD, "token"))
        error = self.server.refused("person", "list", code=1, environment=as_person)
        self.assertError(error, "token.right", WORD, "admin")
        error = self.server.refused("person", "erase", "keeper", "--yes", code=1, environment=as_person)
        self.assertError(error, "token.right", WORD, "admin")

        answer = self.server.ask("person", "erase", WORD, "--yes")
        alias = answer["aliases"][0]
        self.assertEqual((answer["events"], answer["tokens"]), (3, 1), "the token, the folder, and the erasure")
        self.assertEqual(self.files_with(WORD), set())
        self.server.ask("folder", "add", "demo/later", environment=as_person)
        self.assertEqual(self.server.events()[-1]["actor"], alias)
        error = self.server.refused("person", "list", code=1, environment=as_person)
        self.assertError(error, "token.right", alias)


class Durable(DurabilityTestCase):
    def gaps(self, leave_out=None):
        """What a power cut could have taken of the names at the moment at which the log got the alias."""
        server = self.serve(leave_out)
        server.ask("folder", "add", "demo", environment={"SLUICE_ACTOR": NAME})
        names, (segment,) = str(server.data / "names.jsonl"), map(str, (server.data / "log").glob("*.seg"))
        alias = server.ask("person", "list")["people"][0]["alias"]
        calls = self.calls()
        appended = [call.begin for call in calls if call.paths == [segment] and alias in call.text]
        self.assertTrue(appended, "the log got the alias")
        self.assertTrue([call for call in calls if call.paths == [names] and alias in call.text], "so did the names")
        return unsynced(calls, appended[0], [names])

    def test_a_name_is_on_disk_before_the_log_has_its_alias(self):
        self.assertEqual(self.gaps(), [])

    def test_a_sync_that_is_left_out_is_noticed(self):
        self.assertEqual(self.gaps("file"), [("file", str(self.server.data / "names.jsonl"))])


@unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small disk")
class DiskFull(NamesTestCase):
    def setUp(self):
        self.server = Server(environment={"SLUICE_ACTOR": NAME})
        self.addCleanup(self.server.close)
        small, file = self.server.home / "small", self.server.data / "names.jsonl"
        small.mkdir(parents=True)
        self.server.data.mkdir()
        file.touch()
        self.mount("-t", "tmpfs", "-o", "size=8k", "tmpfs", small)
        (small / "names").touch()
        self.mount("--bind", small / "names", file)
        self.file = file
        self.server.start()

    def mount(self, *arguments):
        made = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)
        if made.returncode != 0:
            self.skipTest(f"needs the right to mount a small disk: {made.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(arguments[-1])], check=True)

    def test_a_name_that_cannot_be_kept_is_in_no_event(self):
        self.server.ask("folder", "add", "demo")
        refused = None
        for number in range(200):
            ran = self.server.run(
                "folder", "add", f"demo/f{number}", "--json", code=None,
                environment={"SLUICE_ACTOR": f"{WORD} number {number}"},
            )  # fmt: skip
            if ran.code != 0:
                refused = ran
                break
        self.assertIsNotNone(refused, "a full disk is noticed")
        self.assertEqual((refused.code, refused.error["code"]), (1, "log.full"), str(refused))
        text = self.file.read_text()
        self.assertTrue(text.endswith("}\n"), "no line is left half-written")
        self.assertEqual(len(text.splitlines()), len(self.server.events()))
        # Whoever is known goes on once there is room, and nobody is nobody.
        self.remount("64k")
        self.server.ask("folder", "add", "demo/after")
        self.server.kill()
        self.server.start()
        self.assertEqual([event for event in self.server.events() if ALIAS.search(event["actor"])], [])

    def remount(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.server.home / "small")], check=True)


class Following(NamesTestCase):
    def test_the_moment_of_erasure_tells_nobody_the_name(self):
        """The fact that an alias has no name any more comes with the alias, never with the name, to all who watch."""
        self.server.ask("folder", "add", "demo")
        followed = self.server.home / "followed"
        for number in range(10):
            name = f"{WORD} {number}"
            self.server.ask("folder", "add", f"demo/f{number}", environment={"SLUICE_ACTOR": name})
        with open(followed, "wb") as file:
            follower = self.server.popen("events", "--follow", "--type", "sluice.person.*", stdout=file)
        self.addCleanup(follower.wait, 10)
        self.addCleanup(follower.kill)
        time.sleep(0.5)
        aliases = [self.server.ask("person", "erase", f"{WORD} {number}", "--yes")["aliases"] for number in range(10)]
        lines = lambda: [json.loads(line) for line in followed.read_text().splitlines()]  # noqa: E731
        wait_until(lambda: len(lines()) == 10, "ten erasures are told")
        self.assertEqual([[event["data"]["alias"]] for event in lines()], aliases)


if __name__ == "__main__":
    unittest.main()
