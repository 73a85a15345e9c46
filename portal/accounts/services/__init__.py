"""What changes people, their invitations, links and tokens; each change is audited in its own transaction."""
