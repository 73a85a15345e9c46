# Tieout's image: one for web, worker, beat and the migration job. No secret is in it or needed to build it.

FROM node:22-bookworm-slim AS assets
WORKDIR /assets
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim-bookworm AS python
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /venv \
    && /venv/bin/pip install -r /tmp/requirements.txt

FROM python:3.13-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --home-dir /app --no-create-home --shell /usr/sbin/nologin tieout \
    && install -d -o tieout -g tieout /app /var/tieout
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TIEOUT_MODE=production TIEOUT_VAR=/var/tieout DJANGO_SETTINGS_MODULE=portal.settings
WORKDIR /app
COPY --from=python /venv /venv
COPY manage.py ./
COPY portal portal
COPY metrics metrics
COPY governance governance
COPY engagements engagements
COPY reporting reporting
COPY templates templates
COPY static static
COPY docs/verify_certificate.py docs/verify_certificate.py
COPY --from=assets /assets/node_modules /tmp/node_modules
# The static files belong to the code, not to the data: collected once, here, with keys that are thrown away
RUN python -c "from pathlib import Path; from portal.assets import VENDOR, copy_files; copy_files(Path('/tmp/node_modules'), VENDOR)" \
    && rm -rf /tmp/node_modules \
    && SECRET_KEY=build AUDIT_KEY=build DATABASE_APP_URL=postgresql://build@localhost/build STATIC_ROOT=/app/collected \
       python manage.py collectstatic --noinput --verbosity 0
ENV STATIC_ROOT=/app/collected
USER tieout
VOLUME /var/tieout
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s --retries=3 \
    CMD ["python", "-m", "portal.probe"]
CMD ["gunicorn", "portal.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--preload", "--graceful-timeout", "25", "--worker-tmp-dir", "/dev/shm", \
     "--no-control-socket"]
