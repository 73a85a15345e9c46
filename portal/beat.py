"""What beat is started with: `celery -A portal.beat beat`. It only sends the tick, so it needs no application loaded."""

import os
import warnings

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from portal.broker import configuration
from portal.selftest import require_sound
from portal.settings import CELERY_BROKER_URL

app = Celery("tieout", fixups=[], set_as_current=True)
app.conf.update(configuration(CELERY_BROKER_URL))


@beat_init.connect
def refuse_unsound(**kwargs: object) -> None:
    """Beat on an unsound deployment does not start either."""
    with warnings.catch_warnings():
        # Django warns of queries while applications are loaded; here none ever is
        warnings.filterwarnings("ignore", "Accessing the database during app initialization", RuntimeWarning)
        require_sound()
