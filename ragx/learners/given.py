"""The groups of a config, and what each is given."""

GIVEN: dict[str, tuple[str, ...]] = {
    "task": ("split", "evaluation"),
    "dataset": (),
    "split": ("dataset",),
    "graph": ("interactions",),
    "layer": ("in_channels", "out_channels"),
    "model": ("num_users", "num_items", "layer", "features"),
    "objective": (),
    "sampler": ("train", "batch_size", "seed", "negatives", "rank", "world_size"),
    "optimizer": ("params",),
    "trainer": (),
    "evaluation": (),
    "diagnostics": (),
    "tracker": (),
}
"""The parts of a run, and what each is given when it is built."""

OF_LEARNER = ("graph", "layer", "objective", "sampler", "optimizer", "trainer", "diagnostics")
"""The groups that are there for the learner; which of them it is made of, the model says by its class."""

OF_TASK = ("target_kind",)
"""Settings beside the parts that say which question the task asks."""
