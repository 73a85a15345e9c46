"""Servers, processes, start-up, health, backup: what runs the portal, tested through real processes."""
