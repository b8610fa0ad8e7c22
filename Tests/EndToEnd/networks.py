"""Machines of their own as far as the network goes: network namespaces, each at one end of a cable that can be pulled.

Needs root and iproute2; where a machine does not permit namespaces, a test is skipped and says so.
"""

import itertools
import os
import shutil
import subprocess
import unittest

from sluice_server import Server, end_with_us
from test_agents import AgentTestCase

_numbers = itertools.count()


def _refusal():
    """Why there are no networks here; empty where there are."""
    for tool in ("ip", "unshare", "nsenter"):
        if not shutil.which(tool):
            return f"{tool} is not installed (tools/setup installs it)"
    tried = subprocess.run(
        ["unshare", "--net", "ip", "link", "add", "one", "type", "veth", "peer", "name", "two"],
        capture_output=True,
        text=True,
    )
    if tried.returncode != 0:
        return f"network namespaces are not permitted here: {tried.stderr.strip()}"
    mounted = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True)
    if mounted.returncode != 0:
        return f"mounts in namespaces are not permitted here: {mounted.stderr.strip()}"
    return ""


class Network:
    """A namespace with one cable to this machine. It is gone when the tests are."""

    def __init__(self):
        # A network with two addresses of those that are set aside for tests of networks (RFC 2544).
        place = (os.getpid() * 16 + next(_numbers)) % 32768 * 4
        self.here = self._address(place + 1)
        self.cable = f"slu{place}"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo up; exec sleep 100000"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            preexec_fn=end_with_us,
        )
        self.holder.stdout.readline()
        #: What a command begins with that is to run there.
        self.wrapper = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]
        self._ip("link", "add", self.cable, "type", "veth", "peer", "name", "cable", "netns", str(self.holder.pid))
        self._ip("addr", "add", f"{self.here}/30", "dev", self.cable)
        self._ip("link", "set", self.cable, "up")
        self._ip("addr", "add", f"{self._address(place + 2)}/30", "dev", "cable", inside=True)
        self._ip("link", "set", "cable", "up", inside=True)
        self._ip("link", "set", "lo", "up", inside=True)

    @staticmethod
    def _address(place):
        return f"198.{18 + (place >> 16)}.{place >> 8 & 255}.{place & 255}"

    def _ip(self, *arguments, inside=False):
        subprocess.run([*(self.wrapper if inside else []), "ip", *arguments], check=True, capture_output=True)

    def cut(self):
        self._ip("link", "set", self.cable, "down")

    def mend(self):
        self._ip("link", "set", self.cable, "up")

    def close(self):
        # The cable goes with the namespace, but not at once.
        subprocess.run(["ip", "link", "del", self.cable], capture_output=True)
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()


class OpenServer(Server):
    """A server that other machines reach, and so one that wants tokens."""

    def start(self, *arguments, **more):
        if "SLUICE_TOKEN" not in self.extra:
            made = self.ask("token", "create", "tester", "--data", self.data, server=False)
            self.extra["SLUICE_TOKEN"] = made["token"]
        return super().start("--listen", f"0.0.0.0:{self.port}", *arguments, **more)

    def http(self, method, path, body=None, headers=None, timeout=30):
        headers = {"Authorization": f"Bearer {self.extra['SLUICE_TOKEN']}", **(headers or {})}
        return super().http(method, path, body, headers, timeout)


class NetworkTestCase(AgentTestCase):
    """Agents in networks of their own."""

    def setUp(self):
        refusal = _refusal()
        if refusal:
            raise unittest.SkipTest(f"skipped: {refusal}")
        self.networks = {}
        super().setUp()

    def make_server(self):
        return OpenServer(environment=self.environment, workers=self.workers)

    def remote(self, name, *arguments, wrapper=(), **environment):
        """An agent in a network of its own, which is there as long as the test."""
        if name not in self.networks:
            self.networks[name] = Network()
            self.addCleanup(self.networks[name].close)
        network = self.networks[name]
        environment["SLUICE_SERVER"] = f"http://{network.here}:{self.server.port}"
        return self.agent(name, *arguments, wrapper=[*network.wrapper, *wrapper], **environment)
