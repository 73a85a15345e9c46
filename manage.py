#!/usr/bin/env python
"""Tieout's command line."""

import os
import sys

from django.core.management import execute_from_command_line

from portal.unconnected import connection_explained

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    with connection_explained():
        execute_from_command_line(sys.argv)
