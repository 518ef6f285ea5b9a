"""In which precision a network computes: bfloat16 where that is quicker. Weights and states stay in float32."""

from __future__ import annotations

from typing import Any

import torch


def quick_in_bfloat16(device: torch.device) -> bool:
    """Whether matrices are multiplied faster in bfloat16: on an accelerator, on processors with AMX (eight times) or
    AVX-512 bf16 (twice); others emulate it at a quarter of their float32 speed."""
    if device.type != "cpu":
        return True
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # PyTorch 2.11 cannot tell
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def mixed(device: torch.device) -> torch.autocast:
    """Compute in bfloat16 where that is quicker, with weights in float32; a context."""
    return torch.autocast(device.type, torch.bfloat16, enabled=quick_in_bfloat16(device))
