"""The jobs that Hydra composes a config for."""
