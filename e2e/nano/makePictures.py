"""Draws training pictures as tiles of the vision tower, grouped by their grids of patches.

    python makePictures.py /tmp/pictures 40000 1      # how many, and the seed
"""

import pickle
import random
import sys
from pathlib import Path

import numpy as np

from pictures import describe, rough, tileSize

# Shapes of pictures and how often they are met: squares, screens, photographs, upright phones.
SIDES = {(240, 240): 52, (320, 240): 18, (240, 320): 8, (320, 180): 8, (330, 220): 10, (220, 330): 4}
KINDS = {"shapes": 60, "number": 18, "chart": 22}


def sample(rng: random.Random) -> dict:
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    return describe(rng, kind, *rng.choices(list(SIDES), list(SIDES.values()))[0])


def main() -> None:
    out, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    groups: dict[tuple[int, int], tuple[list[dict], list[np.ndarray]]] = {}
    for _ in range(count):
        picture = sample(rng)
        descriptions, tiles = groups.setdefault(tileSize(picture["width"], picture["height"]), ([], []))
        descriptions.append(picture)
        tiles.append(np.asarray(rough(rng, picture)))
    out.mkdir(parents=True, exist_ok=True)
    for (width, height), (descriptions, tiles) in groups.items():
        np.save(out / f"{seed}-{width}x{height}.npy", np.stack(tiles))
        (out / f"{seed}-{width}x{height}.pickle").write_bytes(pickle.dumps(descriptions))


if __name__ == "__main__":
    main()
