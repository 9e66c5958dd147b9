"""What pyproject.toml cannot say: the configs, beside the package in a checkout, lie within it in a wheel."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConfigs(build_py):
    """Copies ``conf/`` to ``ragx/conf``, except for an editable install, which finds it where it is."""

    def run(self) -> None:
        """Build the package."""
        super().run()
        if not self.editable_mode:
            configs = Path(self.build_lib) / "ragx" / "conf"
            shutil.rmtree(configs, ignore_errors=True)
            shutil.copytree("conf", configs)


setup(cmdclass={"build_py": BuildWithConfigs})
