# SPDX-License-Identifier: LGPL-2.1-or-later
"""Engines of the corpus suite, started and stopped by the tests: two ssh hosts, a Slurm of two nodes."""
import os
import socket
import subprocess
import time
from pathlib import Path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=60):
    """Polls until `condition` is true: a daemon says it is ready in no other way."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


class SshHosts:
    """One sshd on the loopback, reached as two hosts: 127.0.0.1 and 127.0.0.2."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o700)
        port = free_port()
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        keys = self.folder / "authorized_keys"
        keys.write_bytes((self.folder / "user.pub").read_bytes())
        keys.chmod(0o600)
        Path("/run/sshd").mkdir(exist_ok=True)
        (self.folder / "sshd_config").write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nListenAddress 127.0.0.2\nHostKey {self.folder}/host\n"
            f"AuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            f"PermitRootLogin prohibit-password\nAcceptEnv *\nMaxStartups 100\nPidFile none\n", encoding="ascii")
        self.daemon = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", self.folder / "sshd_config",
                                        "-E", self.folder / "sshd.log"])
        ssh = (f"ssh -p {port} -i {self.folder}/user -o StrictHostKeyChecking=no "
               f"-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR")
        self.logins = self.folder / "hosts"
        self.logins.write_text(f"1/{ssh} root@127.0.0.1\n1/{ssh} root@127.0.0.2\n", encoding="ascii")
        wait_for(lambda: subprocess.run([*ssh.split(), "root@127.0.0.2", "true"], check=False,
                                        capture_output=True).returncode == 0, "an answer of sshd")

    def close(self):
        self.daemon.terminate()
        self.daemon.wait()


class Slurm:
    """slurmctld and two slurmd on this machine, with all state in one folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        for name in ("state", "spool", "munge"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        self.processes = []
        munge = self.folder / "munge"
        munge.chmod(0o755)
        (munge / "key").write_bytes(os.urandom(1024))
        (munge / "key").chmod(0o400)
        self.start("munged", "--foreground", "--force", f"--key-file={munge}/key", f"--socket={munge}/socket",
                   f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed")
        host = socket.gethostname().split(".")[0]
        config = self.folder / "slurm.conf"
        nodes = "".join(f"NodeName=n{n} NodeHostname={host} NodeAddr=127.0.0.1 Port={free_port()} CPUs=1\n"
                        for n in (1, 2))
        config.write_text(
            f"ClusterName=test\nSlurmctldHost={host}(127.0.0.1)\nSlurmctldPort={free_port()}\n"
            f"SlurmUser=root\nSlurmdUser=root\nAuthType=auth/munge\nAuthInfo=socket={munge}/socket\n"
            "ProctrackType=proctrack/pgid\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\n"
            "AccountingStorageType=accounting_storage/none\nSelectType=select/cons_tres\n"
            "SelectTypeParameters=CR_Core\nReturnToService=2\nJobRequeue=1\nMpiDefault=none\nSchedulerParameters="
            f"sched_interval=1\nStateSaveLocation={self.folder}/state\nSlurmdSpoolDir={self.folder}/spool/%n\n"
            f"SlurmctldPidFile={self.folder}/ctld.pid\nSlurmdPidFile={self.folder}/%n.pid\n"
            f"SlurmctldLogFile={self.folder}/ctld.log\nSlurmdLogFile={self.folder}/%n.log\n"
            f"{nodes}PartitionName=main Nodes=n1,n2 Default=YES State=UP\n", encoding="ascii")
        self.environment = {**os.environ, "SLURM_CONF": str(config)}
        wait_for(lambda: (munge / "socket").exists(), "munge's socket")
        self.start("slurmctld", "-D", "-f", config)
        for node in ("n1", "n2"):
            self.start("slurmd", "-D", "-f", config, "-N", node)
        wait_for(lambda: self.output("sinfo", "-h", "-o", "%t %D") == "idle 2", "two idle nodes")

    def start(self, *command):
        environment = getattr(self, "environment", None)
        self.processes.append(subprocess.Popen([str(word) for word in command], env=environment,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def output(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False).stdout.strip()

    def queue_is_empty(self):
        return self.output("squeue", "-h") == ""

    def close(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait()
