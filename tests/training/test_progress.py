"""What is shown of a fit without epochs, away from a terminal."""

import io

from rich.console import Console

from ragx.training.progress import TerminalProgress


def test_a_share_is_a_line_away_from_a_terminal() -> None:
    text = io.StringIO()
    with TerminalProgress("ndcg@20", "train", Console(file=text, width=80)) as view:
        view.share("singular vectors", 1 / 3)
        view.share("singular vectors", 2 / 3)
    assert text.getvalue().splitlines() == ["train: singular vectors, 33% done", "train: singular vectors, 67% done"]
