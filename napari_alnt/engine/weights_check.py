"""Whether the tensors of a checkpoint can be the weights of a network, and the moments of its
optimiser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

MOMENTS = {"step", "exp_avg", "exp_avg_sq"}
"""What AdamW keeps of each parameter: a count, and two tensors of the parameter's shape."""


def not_finite(tensors: Mapping[str, Tensor]) -> str:
    """The name of a tensor that holds a nan or an infinity, or ""."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            return name
    return ""


def weights_fault(net: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """Why these are not the weights of a network, or ""."""
    expected = net.state_dict()
    if missing := expected.keys() - weights.keys():
        return f"it lacks the weights '{min(missing)}'"
    if foreign := weights.keys() - expected.keys():
        return f"its weights '{min(foreign)}' are none of the network's"
    for name, value in expected.items():
        found = weights[name]
        if (found.shape, found.dtype) != (value.shape, value.dtype):
            return (
                f"its weights '{name}' are {tuple(found.shape)} of {found.dtype}, and the network's"
                f" are {tuple(value.shape)} of {value.dtype}"
            )
    return ""


def moments_fault(
    optimizer: torch.optim.Optimizer, moments: Mapping[str, Mapping[str, Tensor]]
) -> str:
    """Why these, by parameter and name, are not the moments of an AdamW optimiser, or ""."""
    parameters = {
        str(index): parameter
        for index, parameter in enumerate(
            one for group in optimizer.param_groups for one in group["params"]
        )
    }
    for index, found in moments.items():
        if index not in parameters or found.keys() != MOMENTS:
            return f"what it says of parameter {index!a:.20} is nothing that the optimiser keeps"
        shape = parameters[index].shape
        fits = found["step"].numel() == 1 and float(found["step"]) >= 0
        fits &= found["exp_avg"].shape == found["exp_avg_sq"].shape == shape
        # a root is taken of it
        if not fits or not bool((found["exp_avg_sq"] >= 0).all()):
            return f"the optimiser's moments of parameter {index} are none"
    return ""
