"""What a fit says of its progress: heard by the innermost listener, and by nobody outside."""

from ragx.models.progress import progress_shown_by, tell_progress


def test_the_innermost_listener_hears() -> None:
    outer, inner = list[tuple[str, float]](), list[tuple[str, float]]()
    tell_progress("nothing", 0.0)
    with progress_shown_by(lambda what, share: outer.append((what, share))):
        with progress_shown_by(lambda what, share: inner.append((what, share))):
            tell_progress("vectors", 0.5)
        tell_progress("graph", 1.0)
    tell_progress("nothing", 1.0)
    assert (outer, inner) == ([("graph", 1.0)], [("vectors", 0.5)])
