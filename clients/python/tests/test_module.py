"""What importing does, and what the module offers."""

from __future__ import annotations

import copy
import json
import pickle
import random
import subprocess
import sys
import textwrap
import unittest

from support import SOURCE

import sluice
from sluice._backoff import Backoff

IMPORTING = """
import json, os, random, sys, threading, logging, signal
before = {
    "environment": dict(os.environ), "folder": os.getcwd(), "random": random.getstate(),
    "threads": threading.active_count(),
    "handlers": list(logging.root.handlers), "path": list(sys.path), "hook": sys.excepthook,
    "signals": [signal.getsignal(number) for number in signal.valid_signals()], "names": set(sys.modules),
}
seen = []
def hook(name, arguments):
    if name.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.mkdir", "os.remove")):
        seen.append(name)
    if name == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(f"open {arguments[0]}")
sys.addaudithook(hook)
import sluice
assert dict(os.environ) == before["environment"], "environment"
assert os.getcwd() == before["folder"] and sys.path == before["path"], "folder"
assert random.getstate() == before["random"], "random"
assert threading.active_count() == before["threads"], "threads"
assert logging.root.handlers == before["handlers"] and sys.excepthook is before["hook"], "hooks"
assert [signal.getsignal(number) for number in signal.valid_signals()] == before["signals"], "signals"
print(json.dumps({"seen": seen, "new": sorted({n.split(".")[0] for n in set(sys.modules) - before["names"]})}))
"""


class Importing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        command = [sys.executable, "-B", "-S", "-W", "error", "-c", textwrap.dedent(IMPORTING)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(SOURCE)})
        if ran.returncode:
            raise AssertionError(ran.stderr)
        cls.found = json.loads(ran.stdout)

    def test_opens_no_connection_writes_no_file_and_starts_nothing(self):
        self.assertEqual(self.found["seen"], [])

    @unittest.skipUnless(hasattr(sys, "stdlib_module_names"), "this Python does not list its standard library")
    def test_brings_only_the_standard_library(self):
        foreign = set(self.found["new"]) - set(sys.stdlib_module_names) - {"sluice"}
        self.assertEqual(foreign, set())


class Surface(unittest.TestCase):
    def test_every_module_but_the_package_is_private(self):
        names = {path.name for path in (SOURCE / "sluice").iterdir() if path.suffix == ".py"}
        self.assertEqual({name for name in names if not name.startswith("_")}, set())

    def test_it_says_that_it_is_typed(self):
        self.assertTrue((SOURCE / "sluice" / "py.typed").exists())

    def test_every_public_thing_has_words_that_say_what_it_is(self):
        for name in sluice.__all__:
            with self.subTest(name):
                self.assertTrue(hasattr(sluice, name))
                if name != "__version__":
                    text = getattr(sluice, name).__doc__ or ""
                    self.assertFalse(text.startswith(f"{name}("), "the words are the dataclass's own")
                    self.assertGreater(len(text), 20)
        for name, value in vars(sluice.Client).items():
            if not name.startswith("_"):
                with self.subTest(f"Client.{name}"):
                    self.assertGreater(len(value.__doc__ or ""), 15)

    def test_errors_survive_pickle_and_copy(self):
        plan = sluice.Plan("p-1", "demo", "", None, 1, (), 0, (), ())
        for error in (
            sluice.SluiceError("a.b", "what", "at", "fix", 404),
            sluice.Unreachable("server.unreachable", "what", "at", "fix"),
            sluice.PlanChanged("plan.changed", "what", "at", "fix", 409, plan, ["one run more"]),
        ):
            for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
                self.assertIs(type(other), type(error))
                self.assertEqual(vars(other), vars(error))
                self.assertEqual(str(other), str(error))

    def test_an_error_shows_what_where_how_to_fix_and_its_code(self):
        error = sluice.SluiceError("publish.hole", "frame 3 is missing", "demo/plate", "add it")
        self.assertEqual(str(error), "frame 3 is missing\n  where: demo/plate\n  fix:   add it\n  code:  publish.hole")

    def test_answers_are_values(self):
        one = sluice.Event("t", "s", data={"a": [1]}, id="1", extensions={"project": "demo"})
        self.assertEqual(one, pickle.loads(pickle.dumps(one)))
        self.assertEqual(len({one, copy.deepcopy(one)}), 1)
        with self.assertRaises(AttributeError):
            one.id = "2"


class Pauses(unittest.TestCase):
    def test_double_up_to_a_bound_and_begin_anew_after_a_success(self):
        backoff = Backoff(first=0.25, most=10.0, chance=lambda: 1.0)
        self.assertEqual([backoff.next() for _ in range(8)], [0.25, 0.5, 1, 2, 4, 8, 10, 10])
        for _ in range(5000):
            self.assertLessEqual(backoff.next(), 10)
        backoff.reset()
        self.assertEqual(backoff.next(), 0.25)

    def test_lie_between_half_and_all_of_the_bound(self):
        for seed in range(1000):
            backoff = Backoff(chance=random.Random(seed).random)
            for bound in (0.25, 0.5, 1, 2, 4, 8, 10):
                self.assertTrue(bound / 2 <= backoff.next() <= bound, f"seed {seed}")

    def test_leave_the_random_state_of_the_program_around_them_alone(self):
        """A scene that was seeded must come out the same, whatever the network did."""
        before = random.getstate()
        Backoff().next()
        self.assertEqual(random.getstate(), before)


if __name__ == "__main__":
    unittest.main()
