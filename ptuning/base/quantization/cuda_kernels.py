"""Dequantisation on CUDA by a kernel of our own, compiled at run time (NVRTC) for the GPU that is there.

cpm_kernels gives the bindings to NVRTC and the driver. Its own fatbins know no GPU newer than they are, and importing the
whole package needs pkg_resources, which setuptools no longer has; so only its `library` folder is imported. Where anything
here fails, or differs from torch in one bit, torch does the work for the rest of the run.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

THREADS = 256
OUTPUTS = {torch.float32: 0, torch.float16: 1, torch.bfloat16: 2}

# One block a row. Product and rounding are those of torch: float32, then once to the nearest even number of the output.
# No CUDA header is included, since a machine with NVRTC need not have them: hence the conversions by hand.
SOURCE = r"""
#if OUTPUT == 0
typedef float Out;
__device__ Out round_to_output(float x) { return x; }
#elif OUTPUT == 1
typedef unsigned short Out;
__device__ Out round_to_output(float x) { Out y; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }
#else
typedef unsigned short Out;
__device__ Out round_to_output(float x) {
    unsigned int bits = __float_as_uint(x);
    return (Out)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}
#endif

extern "C" __global__ void dequantize(const signed char* weight, const float* scale, Out* out, int stored) {
    const long long row = blockIdx.x;
    const float s = scale[row];
    weight += row * stored;
    out += row * stored * (8 / BITS);
    for (int i = threadIdx.x; i < stored; i += blockDim.x) {
        const int byte = weight[i];
#if BITS == 8
        out[i] = round_to_output(byte * s);
#else
        out[2 * i] = round_to_output((byte >> 4) * s);
        out[2 * i + 1] = round_to_output(((signed char)(byte << 4) >> 4) * s);
#endif
    }
}
"""

_failed = False


def dequantize_on_cuda(
    weight: Tensor, scale: Tensor, bits: int, dtype: torch.dtype, reference: Callable[..., Tensor]
) -> Tensor | None:
    """integers * scale, [out, in] in `dtype`; None where torch has to do it (a warning has said why, once).

    Shapes: weight int8 [out, in] (8 bits) or [out, in / 2] (4 bits), scale [out] float32, both contiguous on one GPU.
    reference: the same in torch, against which the kernel is checked once for each GPU, number of bits and dtype.
    """
    global _failed
    if _failed or dtype not in OUTPUTS:
        return None
    result = torch.empty(weight.shape[0], weight.shape[1] * 8 // bits, dtype=dtype, device=weight.device)
    try:
        with torch.cuda.device(weight.device):
            compare_with_torch(weight.device.index, bits, dtype, reference)
            launch(weight, scale, bits, result)
    except Exception as error:  # the bindings raise many kinds, and torch can always go on
        _failed = True
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        warnings.warn(f"CUDA 解包核不可用（{reason}），量化的权重改由 torch 解包，结果相同、稍慢。", stacklevel=2)
        return None
    return result


@cache
def compare_with_torch(device: int, bits: int, dtype: torch.dtype, reference: Callable[..., Tensor]) -> None:
    """Compares the kernel with `reference` on every byte there is, once.

    Raises:
        RuntimeError: they differ.
    """
    weight = torch.arange(256, dtype=torch.uint8, device=device).view(torch.int8).repeat(3, 3)
    scale = torch.tensor([1.0, 0.0123, 3e-5], device=device)
    expected = reference(weight, scale, bits, dtype)
    result = torch.empty_like(expected)
    launch(weight, scale, bits, result)
    if not torch.equal(result, expected):
        raise RuntimeError("its result differs from torch's")


def launch(weight: Tensor, scale: Tensor, bits: int, result: Tensor) -> None:
    """Starts the kernel on torch's current stream of the current device."""
    driver = library().cuda
    rows, stored = weight.shape
    pointers = (ctypes.c_void_p(t.data_ptr()) for t in (weight, scale, result))
    arguments = (*pointers, ctypes.c_int(stored))
    driver.cuLaunchKernel(
        function(weight.device.index, bits, result.dtype), rows, 1, 1, THREADS, 1, 1, 0,
        torch.cuda.current_stream().cuda_stream, [ctypes.addressof(argument) for argument in arguments])  # fmt: skip


@cache
def function(device: int, bits: int, dtype: torch.dtype) -> ctypes.c_void_p:
    """The kernel, loaded into the current context of `device`."""
    driver = library().cuda
    module = driver.cuModuleLoadData(compile_source(options(torch.cuda.get_device_capability(device), bits, dtype)))
    return driver.cuModuleGetFunction(module, "dequantize")


def options(capability: tuple[int, int], bits: int, dtype: torch.dtype) -> list[str]:
    """NVRTC's options for a GPU of this compute capability."""
    major, minor = capability
    return [f"--gpu-architecture=sm_{major}{minor}", f"-DBITS={bits}", f"-DOUTPUT={OUTPUTS[dtype]}"]


def compile_source(compile_options: list[str]) -> bytes:
    """The kernel as a cubin.

    Raises:
        RuntimeError: no NVRTC was found, or it refuses.
    """
    nvrtc = library().nvrtc
    program = nvrtc.nvrtcProgram()
    nvrtc.nvrtcCreateProgram(program, SOURCE, "dequantize.cu", 0, [], [])
    try:
        nvrtc.nvrtcCompileProgram(program, len(compile_options), compile_options)
        cubin = ctypes.create_string_buffer(nvrtc.nvrtcGetCUBINSize(program))
        nvrtc.nvrtcGetCUBIN(program, cubin)
    finally:
        nvrtc.nvrtcDestroyProgram(program)
    return cubin.raw


@cache
def library() -> ModuleType:
    """`cpm_kernels.library`, without the rest of cpm_kernels.

    Raises:
        ModuleNotFoundError: cpm_kernels is not installed.
    """
    package = importlib.util.find_spec("cpm_kernels")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("cpm_kernels is not installed")
    folder = Path(package.origin).parent / "library"
    name = "ptuning._cpm_kernels_library"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its own relative imports look there
    spec.loader.exec_module(module)
    return module
