"""Processes that hide from their task, by an empty environment and a session of their own; and logs without end."""

import json
import os
import signal
import unittest

from sluice_server import is_alive, wait_until
from test_agents import COPY, AgentTestCase

# The second `sh` has nothing in its environment, leads a session, and belongs to nobody.
HIDE = """\
(env -i setsid sh -c 'echo $$ > HOME/hidden.tmp; mv HOME/hidden.tmp HOME/hidden; exec sleep 300' > /dev/null 2>&1 &)
while [ ! -e HOME/hidden ]; do sleep 0.05; done
"""
STAY = HIDE + "while [ ! -e HOME/go ]; do sleep 0.1; : MARKER; done\n" + COPY


class HiddenTestCase(AgentTestCase):
    lease = 2

    def start(self):
        super().start()
        if "control groups below" not in self.server.log():
            self.skipTest("no writable cgroup v2")
        self.addCleanup(self.end_hidden)

    def hidden(self):
        [process] = self.who("hidden")
        return int(process)

    def end_hidden(self):
        for process in self.who("hidden"):
            try:
                os.kill(int(process), signal.SIGKILL)
            except OSError:
                pass

    def assertEnds(self, process):
        wait_until(lambda: not is_alive(process), "what hid is ended")

    def begin(self):
        self.show(STAY, folders="a")
        self.plan = self.server.ask("apply", "demo")["id"]
        wait_until(lambda: self.who("hidden"), "it is there")
        return self.hidden()

    def finish(self):
        self.server.file("go").rename(self.server.home / "go")
        self.assertEqual(self.server.wait_for_plan(self.plan)["state"]["status"], "succeeded")
        self.assertPublishedOnce("a")
        self.assertEnds(self.hidden())

    def groups(self):
        """Folders of the control groups of tasks that are there."""
        words = self.server.log() + "".join(word["text"] for name in self.agents for word in self.says(name, "joined"))
        folders = {part.split()[0] for part in words.split("control groups below ")[1:]}
        return [entry.path for folder in folders if os.path.isdir(folder) for entry in os.scandir(folder) if entry.is_dir()]


class OnTheServer(HiddenTestCase):
    workers = 1

    def test_it_ends_with_its_task(self):
        self.show(HIDE + COPY, folders="a")
        self.server.apply()
        self.assertEnds(self.hidden())
        self.assertEqual(self.groups(), [])

    def test_it_ends_when_its_task_is_cancelled(self):
        process = self.begin()
        self.server.ask("cancel", self.plan)
        self.assertEnds(process)

    def test_it_ends_with_the_next_server(self):
        process = self.begin()
        self.server.kill()
        self.assertTrue(is_alive(process))
        self.server.start()
        self.assertEnds(process)
        self.finish()
        self.assertEqual(self.groups(), [])


class OnAnAgent(HiddenTestCase):
    def test_it_ends_with_the_agent(self):
        self.agent("one")
        process = self.begin()
        self.agents["one"].kill()
        self.assertEnds(process)
        self.agent("two")
        self.finish()

    def test_it_ends_when_the_agent_is_stopped(self):
        self.agent("one")
        process = self.begin()
        self.agents["one"].send_signal(signal.SIGSTOP)
        self.assertEnds(process)
        self.agent("two")
        self.finish()
        self.agents["one"].send_signal(signal.SIGCONT)
        wait_until(lambda: len(self.says("one", "joined")) + len(self.says("one", "givenAway")) > 1, "it is told")
        self.assertPublishedOnce("a")


@unittest.skipUnless(os.geteuid() == 0, "skipped: needs root to take the tree of control groups away")
class WithoutGroups(HiddenTestCase):
    """An agent that sees no tree of control groups finds what hides by its limit."""

    def start(self):
        AgentTestCase.start(self)
        self.addCleanup(self.end_hidden)

    def agent(self, name, *arguments, **environment):
        hide = ("unshare", "-m", "sh", "-c", 'umount -a -t cgroup2 && exec "$@"', "sh")
        process = super().agent(name, *arguments, wrapper=hide, **environment)
        self.assertIn("no control groups", self.says(name, "joined")[-1]["text"])
        return process

    def test_it_ends_with_its_task(self):
        self.agent("one")
        self.show(HIDE + COPY, folders="a")
        self.server.apply()
        self.assertEnds(self.hidden())

    def test_it_ends_with_its_task_and_not_with_another(self):
        """Two tasks of one agent: what hides from the first goes on while that does, although the second has ended."""
        self.agent("one", "--cores", "2")
        self.show('[ "$3" = b ] && { ' + COPY + "; exit; }\n" + STAY, folders="ab")
        self.plan = self.server.ask("apply", "demo")["id"]
        wait_until(lambda: self.who("hidden") and self.who("done") == ["b"], "the second has ended")
        wait_until(lambda: self.server.versions("demo/b/result"), "it is published")
        self.assertTrue(is_alive(self.hidden()))
        self.server.file("go").rename(self.server.home / "go")
        self.assertEqual(self.server.wait_for_plan(self.plan)["state"]["status"], "succeeded")
        self.assertEnds(self.hidden())

    def test_it_ends_with_the_agent(self):
        self.agent("one")
        process = self.begin()
        self.agents["one"].kill()
        self.assertEnds(process)
        self.agent("two")
        self.finish()


class Logs(AgentTestCase):
    PRINT = "echo first; head -c 90000000 /dev/zero | tr '\\\\0' x; echo; echo last; "

    def assertCut(self, run):
        log = self.server.run("task", "log", f"{run}.1").output
        self.assertTrue(log.startswith("first\nxxx"), log[:200])
        self.assertTrue(log.endswith("x\nlast\n"), log[-200:])
        self.assertIn("this log has 64.0 MiB", log)
        self.assertIn("are left out here", log)
        self.assertLess(len(log), 66 * 1024 * 1024)
        [file] = (self.server.data / "logs").rglob("*.log")
        self.assertEqual(file.stat().st_size, len(log.encode()))

    def make(self):
        self.show(self.PRINT.replace("\\\\", "\\") + COPY, folders="a")
        return self.server.apply(timeout=300)["runs"][0]["id"]

    def test_one_without_end_is_cut_on_an_agent_that_sends_it(self):
        self.agent("far", "--stream", "--cache", self.server.home / "far")
        self.assertCut(self.make())

    def test_it_is_cut_in_a_session_of_a_template(self):
        self.agent("one")
        action = {"command": "sh", "args": ["-c", self.PRINT.replace("\\\\", "\\")]}
        template = {
            "specificationVersion": "jobtemplate-2023-09",
            "name": "Much",
            "steps": [{"name": "Print", "script": {"actions": {"onRun": action}}}],
        }
        submitted = self.server.ask("job", "submit", self.server.file("much.json", json.dumps(template)))
        self.server.wait_for_plan(submitted["id"], 300)
        self.assertCut(self.server.ask("run", "list", submitted["id"])["runs"][0]["run"])


if __name__ == "__main__":
    unittest.main()
