"""`make demo`: an own database, the demo's people and plans, and the site on this machine alone.

    python -m config.demo

`PORT` (8000) chooses the port, `RESET=1` throws the demo's data away first. Running it again keeps the data.
However it ends, the next start finds nothing in its way:

- one demo for a data folder: the lock on `demo.lock` is inherited by the web processes, so it is free only
  when the last of them is gone, and `kill -9` of any of them can't leave it locked for ever;
- web processes and the worker notice within a second that their master is gone, leave, and the last one stops
  PostgreSQL;
- a worker that ends before the demo does is started again;
- started by make, it ends when make is killed.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from config import embedded

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

HOST = "127.0.0.1"
WAIT_SECONDS = 30
# What the worker has to put its tasks back; killed after that, it leaves them to the next one.
WORKER_SECONDS = 10
DEMO_COMMENT = "guikou demo"


class DemoError(Exception):
    """The demo can't start; the text is the one line to print."""


def main(arguments: list[str] | None = None) -> int:
    """Prepare and serve until stopped. Returns 1, after one line of explanation, if it can't start."""
    parser = argparse.ArgumentParser(prog="python -m config.demo", description="启动演示")
    parser.add_argument("--with-parent", action="store_true", help="父进程结束时一同结束（make 使用）")
    parser.add_argument("--empty", action="store_true", help="不载入演示的组织、人员和计划")
    options = parser.parse_args(arguments)
    if options.with_parent:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    failed = "没有启动"
    os.environ["GUIKOU_DEMO"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        port = _port(os.environ.get("PORT", "").strip() or "8000")
        from django.conf import settings  # noqa: PLC0415 — after the environment is set

        var: Path = settings.VAR_DIR
        var.mkdir(parents=True, exist_ok=True)
        lock = _only_demo(var / "demo.lock", port)
        listener = _listen(port)
        _prepare(settings, reset=os.environ.get("RESET", "").strip() == "1", empty=options.empty)
        _serve(listener, port, _Worker(lock))
        failed = "没有停好"
        embedded.stop()
    except (DemoError, embedded.EmbeddedError) as error:
        print(f"演示{failed}：{error}", file=sys.stderr)
        return 1
    os.close(lock)
    return 0


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise DemoError(f"PORT 应为 1 到 65535 的数字，现在是 {text}。")
    return int(text)


def _only_demo(path: Path, port: int) -> int:
    """The lock of the demo of this folder, with process id and port in it for whoever comes second."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            pid, _, address = path.read_text().partition(" ")
            if (pid.isdigit() and _alive(int(pid))) or time.monotonic() > deadline:
                raise DemoError(f"同一目录的演示已在运行：http://{HOST}:{address}/（进程 {pid}）") from None
            time.sleep(0.2)  # its master was killed; the web processes are about to notice
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()} {port}".encode(), 0)
    return lock


def _alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _listen(port: int) -> socket.socket:
    """The port, taken before anything slow happens; nothing answers on it until the site is ready."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise DemoError(f"端口 {port} 不能使用（{error.strerror}），换一个：make demo PORT=8001") from None
    return listener


def _prepare(settings: Any, *, reset: bool, empty: bool) -> None:
    if reset:
        if settings.EMBEDDED_DATA is None:
            raise DemoError("RESET=1 只清空内置数据库，现在设置了 DATABASE_URL。")
        embedded.reset(settings.EMBEDDED_DATA)
        shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    embedded.start()

    import django  # noqa: PLC0415 — after the environment is set

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import OperationalError, connections  # noqa: PLC0415

    try:
        if settings.EMBEDDED_DATA is None:
            _claim_database()
        print("正在准备数据库……", flush=True)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if not empty:
            call_command("load_demo")
    except OperationalError as error:
        raise DemoError(f"数据库连接不上：{str(error).splitlines()[0]}") from None
    finally:
        connections.close_all()  # the web processes are forked from this one


def _claim_database() -> None:
    """Demo accounts have known passwords: on a real server only an empty or a demo database will do."""
    from django.db import connection  # noqa: PLC0415 — after the environment is set

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        if cursor.fetchone() == (DEMO_COMMENT,):
            return
        if connection.introspection.table_names(cursor):
            raise DemoError(
                "DATABASE_URL 指向的库已有数据，不是演示库；演示帐号的密码是公开的，请换一个空库。"
            )
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"COMMENT ON DATABASE {name} IS '{DEMO_COMMENT}'")


def _serve(listener: socket.socket, port: int, worker: _Worker) -> None:
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 — only once everything is prepared

    def ready(_master: Arbiter) -> None:
        # A closed terminal ends the demo; gunicorn would take HUP as "reload".
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        print(f"\n演示已启动：http://{HOST}:{port}/    按 Ctrl-C 停止", flush=True)

    class Site(BaseApplication):
        def load_config(self) -> None:
            for name, value in {
                "bind": f"fd://{listener.fileno()}",
                "workers": 2,
                "worker_class": "gthread",
                "threads": 4,
                "timeout": 60,
                "graceful_timeout": 5,
                "keepalive": 5,
                "loglevel": "warning",
                "control_socket_disable": True,
                "when_ready": ready,
            }.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from config.wsgi import application  # noqa: PLC0415 — loaded by each web process for itself

            return application

    worker.start()
    try:
        Site().run()
    except SystemExit as end:  # how gunicorn's master returns
        if end.code:
            raise
    finally:
        worker.stop()
        # gunicorn kills the stubborn without waiting; PostgreSQL stops only once its last user is gone.
        psutil.wait_procs(psutil.Process().children(), timeout=WAIT_SECONDS)


class _Worker(threading.Thread):
    """The worker (config.worker) beside the web processes, with the lock of the demo like them.

    In a session of its own: a terminal's Ctrl-C ends it through its master. However else it ends, it is begun
    again.
    """

    def __init__(self, lock: int) -> None:
        super().__init__(daemon=True)
        self._lock = lock
        self._stopping = threading.Event()
        # Begun here, before gunicorn forks: a web process forked meanwhile would hold the pipe by which
        # Popen learns that the program runs, and Popen would never return.
        self._process = self._begin()

    def _begin(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "config.worker", "--parent", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            pass_fds=(self._lock,),
            start_new_session=True,
        )

    def run(self) -> None:
        while True:
            while self._process.poll() is None and not self._stopping.wait(0.5):
                pass
            if self._stopping.is_set():
                self._process.terminate()
                try:
                    self._process.wait(timeout=WORKER_SECONDS)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
                return
            if self._stopping.wait(1):  # one that can't start isn't started a hundred times a second
                return
            self._process = self._begin()

    def stop(self) -> None:
        """End it and wait until it is gone."""
        self._stopping.set()
        self.join()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    raise SystemExit(main())
