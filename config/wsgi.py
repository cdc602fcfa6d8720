"""The WSGI application; starts or joins the embedded PostgreSQL when that is the database."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config import embedded

embedded.start()
application = get_wsgi_application()
