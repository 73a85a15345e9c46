"""Every command of the project can be made: what its class must bring is there."""

from django.core.management import get_commands, load_command_class

OWN = ("portal", "metrics", "governance", "engagements", "reporting")


def test_every_command_is_whole() -> None:
    own = {name: app for name, app in get_commands().items() if str(app).split(".")[0] in OWN}
    assert len(own) > 30
    for name, app in own.items():
        assert load_command_class(str(app), name).help, name
