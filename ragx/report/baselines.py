"""What tables call the baselines of tasks."""

LABELS = {"most_popular": "MostPop"}


def label_of(baseline: str) -> str:
    """Return what tables call a baseline: ``MostPop`` is what the literature knows, others go by their names."""
    return LABELS.get(baseline, baseline.replace("_", " "))
