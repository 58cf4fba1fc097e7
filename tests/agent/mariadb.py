"""A MariaDB server of our own on loopback, which tests may stop, kill and start again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pymysql
import pytest

# Accounts of the test server only; it listens on loopback and is gone after the tests. READER may do all in `caibao`, SELECTOR only SELECT.
READER, SELECTOR, PASSWORD = "caibao_test", "caibao_select", "geheim-4711"
STARTUP_SECONDS = 60
ACCOUNTS = f"""CREATE DATABASE IF NOT EXISTS caibao CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '{READER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON caibao.* TO '{READER}'@'127.0.0.1';
CREATE USER IF NOT EXISTS '{SELECTOR}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT SELECT ON caibao.* TO '{SELECTOR}'@'127.0.0.1';
"""


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MariaDb:
    """The server over one data folder and one port."""

    def __init__(self, folder: Path) -> None:
        """A fresh data folder; the test is skipped where MariaDB is not installed."""
        daemon, installer = _program("mariadbd"), _program("mariadb-install-db")
        if daemon is None or installer is None:
            pytest.skip("MariaDB is not installed (apt-get install mariadb-server)")
        self._folder, self.port = folder, _free_port()
        self._server: subprocess.Popen[bytes] | None = None
        user = ["--user=root"] if os.geteuid() == 0 else []
        (folder / "start.sql").write_text(ACCOUNTS)
        self._command = [
            daemon,
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={folder / 's'}",
            f"--pid-file={folder / 'pid'}",
            f"--tmpdir={folder}",  # a server that starts deletes temporary tables of others in a shared one
            f"--init-file={folder / 'start.sql'}",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=32M",
            "--innodb-log-file-size=16M",
            "--sql-mode=TRADITIONAL,ONLY_FULL_GROUP_BY",
            *user,
        ]
        install = [installer, "--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db", *user]
        subprocess.run(
            [*install, "--auth-root-authentication-method=normal", "--innodb-log-file-size=16M"],
            check=True,
            capture_output=True,
        )

    def url(self, account: str = READER) -> str:
        return f"mysql+pymysql://{account}:{PASSWORD}@127.0.0.1:{self.port}/caibao"

    def start(self) -> None:
        """Returns once an account can log in; does nothing where the server runs."""
        if self._server and self._server.poll() is None:
            return
        log = self._folder / "server.log"
        with log.open("ab") as output:
            self._server = subprocess.Popen(self._command, stdout=output, stderr=output)
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                pymysql.connect(host="127.0.0.1", port=self.port, user=SELECTOR, password=PASSWORD).close()
                return
            except pymysql.err.OperationalError:
                time.sleep(0.1)
        pytest.fail(f"MariaDB did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """As a crash does it: no goodbye to anybody."""
        assert self._server is not None
        self._server.kill()
        self._server.wait()

    def stop(self) -> None:
        """In good order: running statements are ended, connections closed."""
        if self._server and self._server.poll() is None:
            self._server.terminate()
            self._server.wait(timeout=60)
