"""A Slurm of one node on this machine's loopback, for a job array; in a folder that is thrown away."""
import contextlib
import os
import pathlib
import pwd
import secrets
import shutil
import socket
import subprocess
import time

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "sinfo", "scontrol"]
READY_SECONDS, LOOK_SECONDS = 60, 0.2
SETTINGS = """\
ClusterName=bench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=1,sched_interval=1,bf_interval=1
MaxArraySize={array}
MaxJobCount={jobs}
MinJobAge=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={slots} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def lacks():
    missing = [name for name in PROGRAMS if program(name) is None]
    if missing:
        return "skipped: slurm-wlm is not installed"
    return None if os.geteuid() == 0 else "skipped: Slurm's node wants root"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def cluster(folder, tasks, slots):
    """Its daemons in the foreground, each ended by its number; gives what its commands see."""
    for name in ["state", "spool"]:
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    (folder / "slurm.conf").write_text(
        SETTINGS.format(host=socket.gethostname().split(".")[0], folder=folder, slots=slots, array=tasks + 1,
                        jobs=2 * tasks + 1000, controller=free_port(), node=free_port(),
                        user=pwd.getpwuid(os.geteuid()).pw_name), encoding="utf-8")
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    daemons = []

    def begin(*command):
        daemons.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL))

    try:
        begin(program("munged"), "--foreground", "--force", "--key-file", key, "--socket", folder / "munge.socket",
              "--pid-file", folder / "munge.pid", "--log-file", folder / "munge.log", "--seed-file",
              folder / "munge.seed")
        wait_until(lambda: (folder / "munge.socket").exists())
        begin(program("slurmctld"), "-D", "-i", "-f", folder / "slurm.conf")
        begin(program("slurmd"), "-D", "-f", folder / "slurm.conf")
        wait_until(lambda: "idle" in said("sinfo", "-h", "-o", "%t", environment=environment))
        yield environment
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in reversed(daemons):
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(20)
            if daemon.poll() is None:
                daemon.kill()


def said(*command, environment):
    done = subprocess.run([program(command[0]), *command[1:]], env=environment, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def wait_until(holds):
    until = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > until:
            raise RuntimeError("Slurm did not come up")
        time.sleep(LOOK_SECONDS)


def array(folder, tasks, slots):
    """Seconds of one array of `true`, each element with a file for its output, from its submission to its end."""
    folder = pathlib.Path(folder)
    script = folder / "true.sh"
    script.write_text("#!/bin/sh\ntrue\n", encoding="utf-8")
    (folder / "logs").mkdir()
    with cluster(folder, tasks, slots) as environment:
        began = time.perf_counter()
        command = [program("sbatch"), "--parsable", f"--array=1-{tasks}", f"--output={folder}/logs/%a.log",
                   f"--chdir={folder}", "--ntasks=1", str(script)]
        job = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
        while said("squeue", "-h", "-j", job, "-o", "%i", environment=environment).strip():
            time.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - began
        made = sum(1 for _ in (folder / "logs").iterdir())
        if made != tasks:
            raise RuntimeError(f"Slurm ran {made} of {tasks} tasks")
        return seconds
