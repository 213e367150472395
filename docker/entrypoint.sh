#!/bin/sh
# One image, several processes: web, worker, beat, release (migrations), demo, healthy; anything else is run as it is.
set -eu

case "${1:-web}" in
  web)
    exec granian --interface wsgi config.wsgi:application --host 0.0.0.0 --port 8000 \
      --workers "${WEB_WORKERS:-2}" --blocking-threads "${WEB_THREADS:-4}" --workers-kill-timeout 8 --log-level warning
    ;;
  worker)
    exec celery --app config worker --loglevel INFO --queues default,bulk --concurrency "${WORKER_PROCESSES:-2}"
    ;;
  beat)
    exec celery --app config beat --loglevel INFO
    ;;
  release)
    python manage.py migrate --no-input
    exec python manage.py setup_site
    ;;
  demo)
    # For the development target only: load_demo refuses production settings.
    python manage.py migrate --no-input --verbosity 0
    python manage.py load_demo
    celery --app config worker --loglevel WARNING --queues default,bulk --concurrency 1 --beat &
    exec granian --interface wsgi config.wsgi:application --host 0.0.0.0 --port 8000 --workers 1 \
      --blocking-threads 4 --workers-kill-timeout 8 --log-level warning
    ;;
  healthy)
    # A 503 is the answer of maintenance: the server is well.
    exec python - <<'PYTHON'
import os
import sys
import urllib.error
import urllib.request

request = urllib.request.Request(
    "http://127.0.0.1:8000/robots.txt",
    headers={"Host": os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].lstrip("."), "X-Forwarded-Proto": "https"},
)
try:
    urllib.request.urlopen(request, timeout=4).close()
except urllib.error.HTTPError as error:
    sys.exit(error.code != 503)
except OSError:
    sys.exit(1)
PYTHON
    ;;
  *)
    exec "$@"
    ;;
esac
