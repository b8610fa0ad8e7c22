"""Agents that run tasks as another user: what such a task may do, and what a hostile one may not."""

import grp
import json
import os
import pwd
import stat
import subprocess
import unittest
from pathlib import Path

from sluice_server import is_alive, processes_with, program, wait_until
from test_agents import AgentTestCase
from test_job_bodies import indented

USER = "nobody"


class UsersTestCase(AgentTestCase):
    """A show whose tasks are run as `nobody`, by an agent that is root."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("skipped: only root may run tasks as another user")
        if not {"nobody", "daemon"} <= {user.pw_name for user in pwd.getpwall()}:
            self.skipTest("skipped: this machine lacks the user 'nobody' or 'daemon'")
        self.user = pwd.getpwnam(USER)
        super().setUp()

    def start(self):
        # A folder of the tests is closed to other users.
        self.server.home.chmod(0o755)
        for folder in self.server.home.parents:
            if not folder.stat().st_mode & stat.S_IXOTH:
                self.skipTest(f"skipped: '{USER}' cannot come to the folder of the tests: {folder} is closed")
        self.far = self.server.home / "far"
        self.victim = self.server.home / "victim"
        self.victim.mkdir(mode=0o700)
        (self.victim / "file").write_text("untouched")
        (self.victim / "file").chmod(0o600)
        # Where a task may write what it has seen.
        self.seen = self.server.home / "seen"
        self.seen.mkdir()
        self.seen.chmod(0o777)
        super().start()

    def agent_of(self, *arguments):
        return self.agent("one", "--cores", "1", "--cache", self.far, "--run-as", USER, *arguments)

    def made(self, script):
        self.show(script, folders="a")
        applied = self.server.ask("apply", "demo")
        self.task = f"{applied['runs'][0]['id']}.1"
        return self.server.wait_for_plan(applied["id"])["state"]["status"]

    def log(self):
        """What the task printed; one that printed nothing may have no log."""
        return self.server.run("task", "log", self.task, code=None).output

    def files_of(self, product):
        return [path for path in (self.server.data / "store").rglob("*") if product in path.parts and path.is_file()]

    def assertUntouched(self):
        self.assertEqual([path.name for path in self.victim.iterdir()], ["file"])
        self.assertEqual((self.victim / "file").read_text(), "untouched")
        self.assertEqual((self.victim / "file").stat().st_uid, 0)
        self.assertEqual(stat.S_IMODE(self.victim.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((self.victim / "file").stat().st_mode), 0o600)

    def assertNoBench(self):
        wait_until(lambda: not [p for p in (self.far / "work").rglob("*") if "demo" != p.name and p.name != "work"], "the bench is taken away")


class AnotherUser(UsersTestCase):
    def test_a_task_is_that_user_and_its_output_is_the_stores(self):
        self.agent_of()
        status = self.made(
            'echo "ids $(id -u) $(id -g) $(id -G)"; echo "named $USER $LOGNAME" ~\n'
            'echo scratch > scratch; ls -ld . out out/result\n'
            '[ "$(ps -o uid= -p $$ | tr -d " ")" = "$(id -u)" ] && cp "$1" "$2"'
        )
        log = self.log()
        self.assertEqual(status, "succeeded", log)
        groups = " ".join(map(str, os.getgrouplist(USER, self.user.pw_gid)))
        self.assertIn(f"ids {self.user.pw_uid} {self.user.pw_gid} {groups}\n", log)
        self.assertIn(f"named {USER} {USER} {self.user.pw_dir}\n", log)
        self.assertPublishedOnce("a")
        (file,) = self.files_of("result")
        self.assertEqual((file.read_text(), file.stat().st_uid, stat.S_IMODE(file.stat().st_mode)), ("a\n", 0, 0o444))
        self.assertNoBench()

    def test_it_writes_neither_into_the_store_nor_into_what_the_agent_keeps(self):
        self.agent_of()
        status = self.made(
            f"for place in {self.far} {self.far}/inputs {self.far}/logs {self.far}/work in out {self.server.data} "
            f"{self.server.data}/store; do\n"
            '  (echo x > "$place/planted") 2>/dev/null && echo "wrote into $place"\n'
            "done\n"
            '(echo x > "$1") 2>/dev/null && echo "wrote the input"\n'
            'rm -f "$1" 2>/dev/null && echo "took the input away"\n'
            'mv out elsewhere 2>/dev/null && echo "moved out"; mv in elsewhere 2>/dev/null && echo "moved in"\n'
            'rm -rf out/result 2>/dev/null; [ -d out/result ] || echo "took out/result away"\n'
            '[ -z "$SLUICE_TOKEN" ] || echo "has the token"\n'
            'cat "$1" > "$2"; echo the end'
        )
        self.assertEqual(status, "succeeded", self.log())
        self.assertEqual(self.log(), "the end\n")
        self.assertPublishedOnce("a")


class Owners(UsersTestCase):
    serve = ("--output-owner", "daemon:bin", "--output-mode", "0440")

    def test_outputs_and_what_people_publish_are_owned_as_the_studio_wants(self):
        self.agent_of()
        self.assertEqual(self.made('cp "$1" "$2"'), "succeeded", self.log())
        owner = pwd.getpwnam("daemon").pw_uid
        for product in ("source", "result"):
            for file in self.files_of(product):
                status = file.stat()
                self.assertEqual((status.st_uid, status.st_gid), (owner, grp.getgrnam("bin").gr_gid), file)
                self.assertEqual(stat.S_IMODE(status.st_mode), 0o440)
        self.assertPublishedOnce("a")


BODY = """\
sluice: 1
project: demo
folders: [{ path: a, type: shot }]
steps:
  body:
    for: { type: shot }
    inputs:
      source: { product: source }
    outputs:
      made: { product: made, files: "made.txt" }
    body: BODY
"""

# The first step plants links where the session is about to write for the second.
TEMPLATE = """\
specificationVersion: jobtemplate-2023-09
name: Hostile
parameterDefinitions:
  - { name: made, type: PATH }
jobEnvironments:
  - name: App
    script:
      actions:
        onEnter: { command: sh, args: ["{{Env.File.Enter}}"] }
      embeddedFiles:
        - { name: Enter, type: TEXT, data: "echo 'openjd_env: APP=entered'\\n" }
steps:
  - name: Plant
    script:
      actions:
        onRun: { command: sh, args: ["{{Task.File.Run}}"] }
      embeddedFiles:
        - name: Run
          type: TEXT
          data: |
            id -u > SEEN/uid
            mv embedded_files aside && echo moved > SEEN/moved
            ln -sf SEEN/../victim/file embedded_files/next.sh
            ln -sf SEEN/../victim/file cancel_info.json
            ln -s SEEN/../victim victim
            true
  - name: Make
    dependencies: [{ dependsOn: Plant }]
    script:
      actions:
        onRun: { command: sh, args: ["{{Task.File.Run}}"] }
      embeddedFiles:
        - name: Run
          filename: next.sh
          type: TEXT
          data: |
            echo "$(id -u) $APP" > {{Param.made}}/made.txt
"""


class Hostile(UsersTestCase):
    def start(self):
        super().start()
        self.agent_of()

    def test_a_link_in_place_of_an_output_is_not_read(self):
        status = self.made('ln -s HOME/victim/file "$2"')
        self.assertEqual(status, "failed")
        self.assertError(self.server.ask("status", "demo/a/result")["products"][0]["failure"], "task.outputMissing")
        self.assertUntouched()

    def test_another_users_file_in_place_of_an_output_is_not_read(self):
        """A hard link, where the kernel permits it; here root lends a hand."""
        self.show('touch HOME/seen/ready; until [ -e "$2" ]; do sleep 0.05; done', folders="a")
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: (self.seen / "ready").exists(), "the task is up")
        (folder,) = (self.far / "work").rglob("out/result")
        os.link(self.victim / "file", folder / "result.txt")
        self.assertEqual(self.server.wait_for_plan(applied["id"])["state"]["status"], "failed")
        self.assertError(self.server.ask("status", "demo/a/result")["products"][0]["failure"], "task.outputMissing")
        self.assertUntouched()

    def test_links_and_deep_folders_on_the_bench_go_without_what_they_lead_to(self):
        status = self.made(
            "ln -s HOME/victim planted; ln -s HOME/victim out/result/planted; ln -s HOME/victim/file out/result/file\n"
            "mkfifo pipe; mkdir closed; touch closed/file; chmod 0 closed\n"
            "python3 -c '\n"
            "import os\n"
            "for number in range(3000):\n"
            '    os.mkdir("d"); open("f", "w").close(); os.chdir("d")\n'
            "'\n"
            'cp "$1" "$2"'
        )
        self.assertEqual(status, "succeeded", self.log())
        self.assertUntouched()
        self.assertNoBench()

    def test_one_that_changes_folders_into_links_while_they_are_taken_away_loses_only_its_own(self):
        """It hides from whoever looks for it by its environment, and goes on after its task."""
        status = self.made(
            "env -i setsid python3 -c '\n"
            "import os, sys, time\n"
            'open("HOME/seen/swapper", "w").write(str(os.getpid()))\n'
            "end = time.time() + 6\n"
            "while time.time() < end:\n"
            "    for how in (lambda: os.mkdir(\"swap\"), lambda: os.rmdir(\"swap\"),\n"
            '                lambda: os.symlink("HOME/victim", "swap"), lambda: os.unlink("swap")):\n'
            "        try: how()\n"
            "        except OSError: pass\n"
            "' MARKER &\n"
            'until [ -s HOME/seen/swapper ]; do sleep 0.05; done; cp "$1" "$2"'
        )
        self.assertEqual(status, "succeeded", self.log())
        swapper = int((self.seen / "swapper").read_text())
        wait_until(lambda: not is_alive(swapper), "it is over")
        self.assertUntouched()

    def test_a_session_writes_through_no_link_of_its_task(self):
        self.show("true", folders="a")
        inner = f"template:{indented(TEMPLATE.replace('SEEN', str(self.seen)), 8)}"
        self.server.pipeline(BODY.replace("body: BODY\n", f"body:\n      {inner}"))
        applied = self.server.ask("apply", "demo")
        plan = self.server.wait_for_plan(applied["id"])
        self.task = f"{applied['runs'][0]['id']}.1"
        log = self.log()
        self.assertEqual(plan["state"]["status"], "succeeded", log)
        self.assertEqual((self.seen / "uid").read_text().strip(), str(self.user.pw_uid))
        self.assertFalse((self.seen / "moved").exists())
        (file,) = self.files_of("made")
        self.assertEqual(file.read_text(), f"{self.user.pw_uid} entered\n")
        self.agents["one"].terminate()
        self.agents["one"].wait(20)
        self.assertUntouched()
        self.assertEqual(processes_with(self.marker), [])


class Refusals(UsersTestCase):
    def refused(self, *arguments, **how):
        ran = subprocess.run(
            [program(), "agent", "--name", "one", "--json", *map(str, arguments)],
            capture_output=True,
            timeout=30,
            env=self.server.environment(),
            cwd="/",
            **how,
        )
        self.assertEqual(ran.returncode, 2, ran)
        return json.loads(ran.stderr.decode().strip().splitlines()[-1])["error"]

    def test_only_root_may(self):
        Path(program()).parent.chmod(0o755)
        error = self.refused("--run-as", "daemon", user=self.user.pw_uid, group=self.user.pw_gid, extra_groups=[])
        self.assertError(error, "agent.user", "only root", "daemon")

    def test_nobody_of_that_name(self):
        self.assertError(self.refused("--run-as", "no-such-user"), "agent.user", "no-such-user")

    def test_root_is_no_other_user(self):
        self.assertError(self.refused("--run-as", "root"), "agent.user", "is root")

    def test_a_folder_that_the_user_cannot_come_to(self):
        self.assertError(self.refused("--run-as", USER, "--cache", self.victim / "far"), "agent.user", "cannot come")

    def test_a_folder_that_the_user_may_change(self):
        self.assertError(self.refused("--run-as", USER, "--cache", self.seen / "far"), "agent.user", "may change")


if __name__ == "__main__":
    unittest.main()
