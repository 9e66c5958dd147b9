"""The jobs that Hydra composes a config for; what does the work is imported when there is a config that composes."""
