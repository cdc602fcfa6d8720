"""gunicorn for a real installation: `gunicorn -c deploy/gunicorn.conf.py config.wsgi`."""

from __future__ import annotations

import multiprocessing
import os

bind = os.environ.get("GUIKOU_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("GUIKOU_WORKERS", str(min(multiprocessing.cpu_count() + 1, 8))))
worker_class = "gthread"
threads = 4
# Longer than GUIKOU_STATEMENT_SECONDS: a query that takes too long is refused by the database, not by a kill.
timeout = 60
graceful_timeout = 30
keepalive = 5
max_requests = 5000
max_requests_jitter = 500
accesslog = "-"
control_socket_disable = True
