"""Keyed randomness: every draw is a function of what it is for, never of what was drawn before.

A run that resumes in the middle of an epoch therefore makes the very draws an unbroken run makes.
"""

import hashlib

import numpy as np
import torch


def derive_seed(seed: int, purpose: str, *key: int) -> int:
    """Return a 63-bit seed made of ``seed``, a purpose such as ``"batches"`` and a key such as (epoch, step, rank)."""
    text = f"{seed}/{purpose}/{'/'.join(str(part) for part in key)}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(seed: int, purpose: str, *key: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a fresh torch generator for one purpose and key."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, purpose, *key))


def numpy_generator(seed: int, purpose: str, *key: int) -> np.random.Generator:
    """Return a fresh numpy generator for one purpose and key."""
    return np.random.default_rng(derive_seed(seed, purpose, *key))


def seed_modules(seed: int, purpose: str, *key: int) -> None:
    """Key torch's global generator, from which ``nn.Dropout`` and layers written elsewhere draw."""
    key_of_all = derive_seed(seed, purpose, *key)
    if torch.accelerator.is_available():
        torch.manual_seed(key_of_all)
    else:  # the same numbers without looking for devices, which takes as long as a product on a small graph
        torch.default_generator.manual_seed(key_of_all)
