"""The demo's LUT story on three agents, each in a network of its own: one does not see the store, one is killed half-way.

The demo's own pipeline, tools and LUTs, on pictures that are small and few. The server itself runs no tasks.
"""

import collections
import os
import subprocess
import unittest

from networks import NetworkTestCase
from sluice_server import ROOT, VENV, processes_with, wait_until

EXAMPLE = ROOT / "examples" / "demo"
SHOTS = ["sq010/sh0010", "sq010/sh0020", "sq010/sh0030", "sq020/sh0040", "sq020/sh0050", "sq020/sh0060"]
FRAMES = range(1001, 1005)
PATH = os.pathsep.join([str(EXAMPLE), str(VENV), os.environ.get("PATH", "/usr/bin:/bin")])


def plates(folder):
    """Half-float frames of a soft ramp, another for each shot and frame, by one call."""
    command = [VENV / "oiiotool"]
    for number, shot in enumerate(SHOTS):
        (folder / shot).mkdir(parents=True)
        for frame in FRAMES:
            light = 0.1 + 0.3 * number + 0.02 * (frame - FRAMES[0])
            ramp = f"fill:topleft={light},0.2,0.1:topright=0.1,{light},0.4:bottomleft=2,1,0.5:bottomright=0,0.1,{light}"
            command += ["--create", "96x54", "3", f"--{ramp}", "96x54", "-d", "half", "-o", folder / shot / f"plate.{frame}.exr"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@unittest.skipUnless((VENV / "oiiotool").exists(), "skipped: oiiotool is not installed (tools/setup installs it)")
class Story(NetworkTestCase):
    def start(self):
        super().start()
        files = self.server.home / "material"
        plates(files / "plates")
        subprocess.run([EXAMPLE / "make-luts", files / "luts"], check=True, capture_output=True, timeout=60)
        self.luts = files / "luts"
        self.server.pipeline((EXAMPLE / "sluice.yaml").read_text().replace("1001-1024", f"{FRAMES[0]}-{FRAMES[-1]}"))
        for shot in SHOTS:
            self.server.ask("publish", f"demo/{shot}/plate", *sorted((files / "plates" / shot).iterdir()))
        self.server.ask("publish", "demo/look/show_lut", self.luts / "v1" / "show_lut.cube")
        self.server.ask("publish", "demo/look/neutral_lut", self.luts / "neutral_lut.cube")

    def agents_come(self):
        blind = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs none {self.server.data} && exec "$@"', "sh"]
        for name, wrapper in (("near", ()), ("doomed", ()), ("far", blind)):
            self.remote(name, "--cores", "1", "--cache", self.server.home / name, wrapper=wrapper, PATH=PATH)

    def runs(self, applied, seconds=120):
        ended = self.server.wait_for_plan(applied["id"], seconds)
        self.assertEqual(ended["state"]["status"], "succeeded", ended)
        return collections.Counter(run["step"] for run in ended["progress"]["runs"])

    def products(self):
        return {product["ref"]: product for product in self.server.ask("status", "demo")["products"]}

    def identities(self, ref):
        files = self.server.ask("show", f"demo/{ref}")["selected"]["files"]
        return {file["path"]: file.get("pixels") or file["sha256"] for file in files}

    def test_it_comes_out_as_on_one_machine(self):
        self.agents_come()
        first = self.runs(self.server.ask("apply", "demo"))
        self.assertEqual(first, {"review": 6, "review_movie": 6, "neutral": 6, "contact": 2})
        listed = {agent["name"]: agent["seesStore"] for agent in self.server.ask("agents")["agents"]}
        self.assertEqual(listed, {"near": True, "doomed": True, "far": False})
        self.assertTrue(all(self.says(name, "ended") for name in listed), "all three took part")
        neutrals = {ref: p["version"] for ref, p in self.products().items() if ref.endswith("neutral_frames")}

        self.server.ask("publish", "demo/look/show_lut", self.luts / "v2" / "show_lut.cube", "--note", "warmer")
        before = len(self.says("doomed", "ended"))
        applied = self.server.ask("apply", "demo")
        wait_until(lambda: len(self.says("doomed", "ended")) > before + 2, "it is half-way", every=0.01)
        self.agents["doomed"].kill()
        self.networks["doomed"].cut()
        second = self.runs(applied)
        self.assertEqual(second, {"review": 6, "review_movie": 6, "contact": 2})
        self.assertEqual({p["state"] for p in self.products().values()}, {"current"})
        self.assertEqual(neutrals, {ref: p["version"] for ref, p in self.products().items() if ref in neutrals})
        for ref, product in self.products().items():
            made = ref.endswith(("review_frames", "review_movie", "contact"))
            if made or ref.endswith("neutral_frames"):
                self.assertEqual(len(self.server.versions(ref)), 2 if made else 1, ref)
        self.assertEqual(self.server.stored_versions(), self.server.recorded_versions())
        wait_until(lambda: self.standing() == {"near": "active", "far": "active", "doomed": "lost"}, "it is missed")
        self.assertEqual(processes_with(f"{self.server.data}/work"), [], "nothing of it is left behind")

        # Whoever made it, it is what one machine alone makes.
        made = {ref: self.identities(ref) for ref in (f"{SHOTS[0]}/review_frames", f"{SHOTS[0]}/review_movie")}
        self.server.ask("agents", "pause", "far")
        again = self.server.apply("--force", "--select", f"demo/{SHOTS[0]}")
        self.assertEqual(again["failed"], 0)
        self.assertEqual(made, {ref: self.identities(ref) for ref in made})


if __name__ == "__main__":
    unittest.main()
