"""Where the registry says that a metric is shown is where the pages show it."""

from governance.metric_uses import SHOWN_ON
from reporting.tiles import TILES

KEYS = {"net_new": "net_new_arr"}  # a tile is named by its figure, a metric by its key


def test_every_tile_of_the_home_is_among_the_uses_of_its_metric_and_nothing_else_is() -> None:
    on_home = {key for key, pages in SHOWN_ON.items() if "client_home" in dict(pages)}
    assert on_home == {KEYS.get(name, name) for name, _, _ in TILES}
