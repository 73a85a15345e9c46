"""Playbooks as values: their schema, their checks, their YAML and Markdown forms. Pure: no Django, no I/O."""
