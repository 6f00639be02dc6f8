"""The two kinds of arrays that everything here is made of; knows numpy only, so that web processes may import it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
