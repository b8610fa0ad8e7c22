"""What is answered is on disk: file, folders and log were synced before the reply, as the system calls show.

The server runs under strace. A pure function goes through its calls and says what a power cut at the moment of the
reply could have taken away. It is held to its word by servers that leave one sync out: it must name what is missing.
"""

import base64
import os
import re
import shutil
import unittest
from collections import namedtuple
from pathlib import Path

from sluice_server import Server, wait_until

TRACED = (
    "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,symlink,symlinkat,"
    "write,writev,pwrite64,pwritev,sendto,sendmsg,ftruncate,copy_file_range,sendfile,fsync,fdatasync"
)

# The trace

Call = namedtuple("Call", "name paths text result begin end")
"""A system call: the paths that it names, all that strace wrote of it, and the lines on which it began and ended."""

WHOLE = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+|\?)(.*)$", re.DOTALL)
BEGUN = re.compile(r"^(\d+)\s+(\w+)\((.*) <unfinished \.\.\.>$", re.DOTALL)
ENDED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>(.*)\)\s+= (-?\d+|\?)(.*)$", re.DOTALL)
DESCRIPTOR = re.compile(r"^\d+<(/[^>]*)>")
RESULT = re.compile(r"^<(/[^>]*)>")
NAME = re.compile(r"(?:AT_FDCWD|\d+)<(/[^>]*)>, \"([^\"]*)\"|^\"([^\"]*)\"|, \"([^\"]*)\"")


def parse(lines):
    """The calls of a trace that succeeded, in the order in which they ended."""
    calls, open_calls = [], {}
    for number, line in enumerate(lines):
        line = line.rstrip("\n")
        begun = BEGUN.match(line)
        if begun:
            process, name, text = begun.groups()
            open_calls[process] = (name, text, number)
            continue
        ended, whole = ENDED.match(line), WHOLE.match(line)
        if ended:
            process, name, rest, result, after = ended.groups()
            name, text, begin = open_calls.pop(process, (name, "", number))
            text += rest
        elif whole:
            _, name, text, result, after = whole.groups()
            begin = number
        else:
            continue
        if result in ("?", "") or result.startswith("-"):
            continue
        calls.append(Call(name, _paths(name, text, after), text, int(result), begin, number))
    return calls


def _paths(name, text, after):
    if name in ("open", "openat", "creat"):
        opened = RESULT.match(after)
        return [opened.group(1)] if opened else []
    if name in ("mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir"):
        found = []
        for base, relative, first, more in NAME.findall(text):
            path = relative or first or more
            found.append(os.path.join(base, path) if base else path)
        return found
    opened = DESCRIPTOR.match(text)
    return [opened.group(1)] if opened else []


# The checker


class Disk:
    """What a power cut could take away, after some calls: bytes of files, and entries of folders."""

    def __init__(self):
        self.bytes, self.entries, self.known = {}, {}, set()

    def apply(self, call):
        {
            "open": self._open, "openat": self._open, "creat": self._open,
            "mkdir": self._make, "mkdirat": self._make, "symlink": self._make, "symlinkat": self._make,
            "rename": self._rename, "renameat": self._rename, "renameat2": self._rename,
            "link": self._link, "linkat": self._link,
            "unlink": self._remove, "unlinkat": self._remove, "rmdir": self._remove,
            "write": self._write, "writev": self._write, "pwrite64": self._write, "pwritev": self._write,
            "ftruncate": self._write, "sendfile": self._write, "copy_file_range": self._copy,
            "fsync": self._sync, "fdatasync": self._sync,
        }.get(call.name, lambda call: None)(call)  # fmt: skip

    def _open(self, call):
        if call.name == "creat" or "O_CREAT" in call.text:
            for path in call.paths:
                if path not in self.known:
                    self._make(call)
                    self.bytes[path] = call.end
        if "O_TRUNC" in call.text:
            self._write(call)

    def _make(self, call):
        for path in call.paths:
            self.entries[path] = call.end
            self.known.add(path)

    def _rename(self, call):
        old, new = call.paths
        if old not in self.known:
            self.bytes[new] = call.end  # Somebody else wrote it: who knows whether it was synced.
        for table in (self.bytes, self.entries):
            for path in [path for path in table if path == new or path.startswith(new + "/")]:
                if old in self.known:
                    del table[path]
            for path in [path for path in table if path == old or path.startswith(old + "/")]:
                table[new + path[len(old) :]] = table.pop(path)
        for path in [path for path in self.known if path == old or path.startswith(old + "/")]:
            self.known.discard(path)
            self.known.add(new + path[len(old) :])
        self.entries[new] = call.end
        self.known.add(new)

    def _link(self, call):
        old, new = call.paths
        if old in self.bytes or old not in self.known:
            self.bytes[new] = self.bytes.get(old, call.end)
        self.entries[new] = call.end
        self.known.add(new)

    def _remove(self, call):
        for path in call.paths:
            self.bytes.pop(path, None)
            self.entries.pop(path, None)
            self.known.discard(path)

    def _write(self, call):
        for path in call.paths:
            self.bytes[path] = call.end

    def _copy(self, call):
        target = re.search(r", \d+<(/[^>]*)>", call.text)
        if target:
            self.bytes[target.group(1)] = call.end

    def _sync(self, call):
        for path in call.paths:
            if self.bytes.get(path, call.end) < call.begin:
                del self.bytes[path]
            for entry in [entry for entry, moment in self.entries.items() if moment < call.begin]:
                if os.path.dirname(entry) == path:
                    del self.entries[entry]

    def missing(self, file):
        """`[("file", path), ("folder", path)]`: what is not on disk of a file and of the folders on the way to it."""
        found = [("file", file)] if file in self.bytes else []
        path = file
        while path != "/":
            if path in self.entries:
                found.append(("folder", os.path.dirname(path)))
            path = os.path.dirname(path)
        return found


def unsynced(calls, moment, files):
    """What a power cut at `moment` could have taken away of `files`."""
    disk = Disk()
    for call in calls:
        if call.end < moment:
            disk.apply(call)
    return sorted({gap for file in files for gap in disk.missing(file)})


def check(calls, directory, files, log, reply=None):
    """What of a version was not on disk when it had to be: `[(kind, path, when)…]`, empty where all was.

    - directory: the version's folder; files: its files; log: the segment that the log is written to.
    - reply: words of the answer; the first message to a socket that has them all is the reply.

    Files and folders must be there before the log names them, the log before anybody is told.
    """
    moved = [call.end for call in calls if call.name.startswith("rename") and call.paths[-1] == directory]
    if not moved:
        return [("folder", directory, "never moved into place")]
    named = [call.begin for call in calls if call.paths == [log] and _writes(call) and call.begin > moved[0]]
    if not named:
        return [("log", log, "never written")]
    gaps = [(kind, path, "before the log named it") for kind, path in unsynced(calls, named[0], files)]
    if reply is not None:
        told = [call.begin for call in calls if _sends(call) and all(word in call.text for word in reply)]
        if not told:
            return [*gaps, ("log", log, "no reply was seen")]
        log_gaps = {("log" if kind == "file" else kind, path) for kind, path in unsynced(calls, told[0], [log])}
        if named[0] > told[0]:
            log_gaps.add(("log", log))
        gaps += [(*gap, "before the reply") for gap in sorted(log_gaps)]
        known = {(kind, path) for kind, path, _ in gaps}
        gaps += [(*gap, "before the reply") for gap in unsynced(calls, told[0], files) if gap not in known]
    return gaps


def _writes(call):
    return call.name in ("write", "writev", "pwrite64", "pwritev")


def _sends(call):
    return call.name in ("write", "writev", "sendto", "sendmsg") and "<TCP" in call.text[:12]


# The checker on its own


class Checker(unittest.TestCase):
    """On a handful of calls, each of them left out or moved in turn."""

    GOOD = [
        '7 mkdir("/d/store/p", 0755) = 0',
        '7 mkdir("/d/store/.staging/x", 0755) = 0',
        '7 openat(AT_FDCWD</h>, "/d/store/.staging/x/a.txt", O_WRONLY|O_CREAT, 0644) = 5</d/store/.staging/x/a.txt>',
        '7 write(5</d/store/.staging/x/a.txt>, "a\\n", 2) = 2',
        "7 fsync(6</d/store/.staging/x/a.txt>) = 0",
        "7 fsync(6</d/store/.staging/x>) = 0",
        '7 rename("/d/store/.staging/x", "/d/store/p/v-1") = 0',
        "7 fsync(6</d/store/p>) = 0",
        "7 fsync(6</d/store>) = 0",
        '7 pwrite64(9</d/log/1.seg>, "v-1", 3, 0) = 3',
        "8 fdatasync(9</d/log/1.seg> <unfinished ...>",
        "8 <... fdatasync resumed>) = 0",
        '7 write(4<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 200 OK v-1", 19) = 19',
    ]

    def gaps(self, lines):
        version = "/d/store/p/v-1"
        gaps = check(parse(lines), version, [f"{version}/a.txt"], "/d/log/1.seg", ["v-1"])
        return {(kind, path) for kind, path, _ in gaps}

    def without(self, *words):
        kept = [line for line in self.GOOD if not any(word in line for word in words)]
        self.assertEqual(len(kept), len(self.GOOD) - len(words), words)
        return self.gaps(kept)

    def test_all_synced(self):
        self.assertEqual(self.gaps(self.GOOD), set())

    def test_each_sync_left_out_is_named(self):
        self.assertEqual(self.without("fsync(6</d/store/.staging/x/a.txt>"), {("file", "/d/store/p/v-1/a.txt")})
        self.assertEqual(self.without("fsync(6</d/store/.staging/x>"), {("folder", "/d/store/p/v-1")})
        self.assertEqual(self.without("fsync(6</d/store/p>"), {("folder", "/d/store/p")})
        self.assertEqual(self.without("fsync(6</d/store>"), {("folder", "/d/store")})
        self.assertEqual(self.without("8 fdatasync", "8 <..."), {("log", "/d/log/1.seg")})

    def test_a_sync_that_failed_is_none(self):
        lines = [line.replace(") = 0", ") = -1 EIO (Input/output error)") if "a.txt>)" in line else line
                 for line in self.GOOD]  # fmt: skip
        self.assertEqual(self.gaps(lines), {("file", "/d/store/p/v-1/a.txt")})

    def test_a_sync_before_the_write_ended_is_none(self):
        lines = list(self.GOOD)
        lines[3:4] = ['8 write(5</d/store/.staging/x/a.txt>, "a\\n", 2 <unfinished ...>']
        lines.insert(5, "8 <... write resumed>) = 2")
        self.assertEqual(self.gaps(lines), {("file", "/d/store/p/v-1/a.txt")})

    def test_a_sync_that_ends_after_the_reply_began_is_too_late(self):
        lines = list(self.GOOD)
        lines[11], lines[12] = lines[12], lines[11]
        self.assertEqual(self.gaps(lines), {("log", "/d/log/1.seg")})

    def test_folders_synced_after_the_log_named_the_version_are_too_late(self):
        lines = list(self.GOOD)
        lines.insert(11, lines.pop(7))
        self.assertEqual(self.gaps(lines), {("folder", "/d/store/p")})

    def test_a_reply_before_the_log_is_noticed(self):
        lines = list(self.GOOD)
        lines.insert(9, lines.pop(12))
        self.assertEqual(self.gaps(lines), {("log", "/d/log/1.seg")})

    def test_what_somebody_else_wrote_counts_as_not_synced(self):
        lines = [line for line in self.GOOD if "5</d" not in line and "a.txt>" not in line]
        lines.insert(2, '7 rename("/d/up/a.txt", "/d/store/.staging/x/a.txt") = 0')
        self.assertEqual(self.gaps(lines), {("file", "/d/store/p/v-1/a.txt")})


# The server


def content(text):
    return base64.b64encode(text.encode()).decode()


@unittest.skipUnless(shutil.which("strace"), "strace is not installed (tools/setup installs it)")
class DurabilityTestCase(unittest.TestCase):
    maxDiff = None

    def serve(self, leave_out=None):
        """A server on a new data folder, traced from its first call on."""
        server = Server(environment={"SLUICE_TEST_LEAVE_OUT_SYNC": leave_out} if leave_out else None)
        self.addCleanup(server.close)
        server.home = Path(os.path.realpath(server.home))
        server.data = server.home / "data"
        self.trace = server.home / "trace"
        # With -D the tracer is a grandchild, and the server our own child as ever.
        strace = ["strace", "-D", "-f", "-yy", "--seccomp-bpf", "-s", "20000", "-e", "signal=none"]
        self.server = server.start(wrapper=[*strace, "-o", str(self.trace), "-e", f"trace={TRACED}"])
        return server

    def publish(self, ref, files, **more):
        """Publishes small files over plain HTTP; the version that the answer names."""
        files = [{"path": path, "content": content(text)} for path, text in files.items()]
        body = {"products": [{"ref": ref, "representations": [{"files": files}], **more}]}
        answer = self.server.post("/api/v1/publish", body)
        self.assertEqual(answer.status, 200, str(answer))
        return answer.json["published"][0]["version"]

    def log(self):
        """The only segment of a log that is still small."""
        (segment,) = (self.server.data / "log").glob("*.seg")
        return str(segment)

    def calls(self):
        """The trace to its end: the server is stopped first."""
        self.server.stop()
        process = self.server.process.pid
        ended = re.compile(rf"^{process}\s+\+\+\+ exited", re.MULTILINE)
        wait_until(lambda: ended.search(self.trace.read_text(errors="replace")), "the trace is written to its end")
        with open(self.trace, errors="replace") as lines:
            return parse(lines)

    def gaps(self, calls, ref, version, reply=True, above=False):
        """What the checker finds in and below the store, and of the log; `above`: the data folder's own entries too."""
        directory = self.server.data / "store" / ref / version
        files = [str(path) for path in sorted(directory.rglob("*")) if path.is_file()]
        self.assertTrue(files, f"{directory} has files")
        log, words = self.log(), [ref, version] if reply else None
        found = check(calls, str(directory), files, log, words)
        own = (str(self.server.data), str(self.server.home))
        return [gap for gap in found if above or gap[1] not in own]


class Syncs(DurabilityTestCase):
    def test_everything_is_synced_before_the_reply(self):
        server = self.serve()
        published = []

        def publish(title, ref, files, **more):
            published.append((title, ref, self.publish(ref, files, **more)))

        server.ask("folder", "add", "demo")
        publish("the first into new folders", "demo/sq010/sh0010/lut", {"lut.cube": "first\n"})
        publish("a second of the same product", "demo/sq010/sh0010/lut", {"lut.cube": "second\n"})
        publish("a new product in a known folder", "demo/sq010/sh0010/grade", {"grade.txt": "grade\n"})
        publish("a sequence", "demo/sq010/sh0020/plate", {f"p.{frame}.txt": f"{frame}\n" for frame in (1, 2, 3)})
        publish("a patch, which links", "demo/sq010/sh0020/plate", {"p.2.txt": "new\n"}, patch=True)
        publish("folders inside a version", "demo/assets/tree", {"a/b/c.txt": "c\n", "d.txt": "d\n"})
        file = server.file("upload.txt", "by the command line\n")
        version = server.ask("publish", "demo/assets/uploaded", file)["version"]
        published.append(("an upload by another process", "demo/assets/uploaded", version))
        calls = self.calls()
        for title, ref, version in published:
            with self.subTest(title):
                self.assertEqual(self.gaps(calls, ref, version), [])

    def test_the_data_folder_itself_is_synced(self):
        """The first publish is as durable as the thousandth: the entries of log, store and data folder hold too."""
        self.serve().ask("folder", "add", "demo")
        version = self.publish("demo/look/lut", {"lut.cube": "first\n"})
        self.assertEqual(self.gaps(self.calls(), "demo/look/lut", version, above=True), [])

    def test_what_a_step_made_is_synced_before_the_log_names_it(self):
        server = self.serve()
        server.pipeline("""\
sluice: 1
project: demo
folders: [ { path: sh0010, type: shot } ]
steps:
  copy:
    for: { type: shot }
    inputs:
      source: { product: source }
    outputs:
      copy: { product: copy, files: "copy.txt" }
    command: [cp, "{source}", "{copy}"]
""")
        server.ask("publish", "demo/sh0010/source", server.file("source.txt"))
        self.assertEqual(server.apply()["succeeded"], 1)
        version = server.ask("show", "demo/sh0010/copy")["versions"][0]["version"]
        self.assertEqual(self.gaps(self.calls(), "demo/sh0010/copy", version, reply=False), [])


class LeftOut(DurabilityTestCase):
    """The same with one kind of sync left out, which a debug build does when it is asked to."""

    def left_out(self, what):
        server = self.serve(leave_out=what)
        server.ask("folder", "add", "demo")
        ref = "demo/sq010/sh0010/lut"
        first, second = [self.publish(ref, {"lut.cube": text}) for text in ("first\n", "second\n")]
        calls, store = self.calls(), server.data / "store"
        return [{gap[:2] for gap in self.gaps(calls, ref, version)} for version in (first, second)], [
            store / ref / version for version in (first, second)
        ]

    def test_the_file(self):
        gaps, directories = self.left_out("file")
        for found, directory in zip(gaps, directories):
            self.assertEqual(found, {("file", str(directory / "cube/lut.cube"))})

    def test_the_folders(self):
        (first, second), (directory, other) = self.left_out("folder")
        store = self.server.data / "store"
        for folder in ("demo/sq010/sh0010/lut", "demo/sq010/sh0010", "demo/sq010", "demo", "."):
            self.assertIn(("folder", str(store / folder)), first)
        for found, directory in ((first, directory), (second, other)):
            for folder in (directory / "cube", directory, directory.parent):
                self.assertIn(("folder", str(folder)), found)
            self.assertEqual({kind for kind, _ in found}, {"folder"})

    def test_the_log(self):
        for found in self.left_out("log")[0]:
            self.assertIn(("log", self.log()), found)
            self.assertEqual({kind for kind, _ in found}, {"log"})


if __name__ == "__main__":
    unittest.main()
