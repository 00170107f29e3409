"""Model weights: what there is (`catalogue`), where it is kept (`store`), how it gets there (`pull`)."""

from perception.weights.store import weights_path

__all__ = ["weights_path"]
