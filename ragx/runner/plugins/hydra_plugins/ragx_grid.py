"""The sweeper behind ``ragx sweep``; Hydra finds plug-ins in folders of this name only."""

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class GridSweeper(Sweeper):
    """Hands a sweep over to ``ragx.runner.sweep.sweeping``.

    Args:
        params: axes that a sweep's YAML names, such as ``{"model.num_layers": "1,2,3"}``.
    """

    def __init__(self, params: dict[str, str] | None = None) -> None:
        self.params = params or {}
        self._context: HydraContext | None = None
        self._config: DictConfig | None = None
        self._launcher: Launcher | None = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives a sweeper."""
        self._context, self._config = hydra_context, config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Run the sweep that the arguments and the axes of the config describe."""
        from ragx.runner.sweep.sweeping import Sweep  # Hydra imports every plug-in at every start

        assert self._context is not None and self._config is not None and self._launcher is not None
        axes = [f"{name}={values}" for name, values in self.params.items()]
        return Sweep(self._context.config_loader, self._config, self._launcher).run(axes, arguments)
